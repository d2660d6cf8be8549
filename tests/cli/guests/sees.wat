;; A guest: answers with its arguments, its environment and the names of its directories, a line each,
;; and then its standard input.
(module
  (import "wasi_snapshot_preview1" "args_sizes_get"
    (func $args_sizes (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "args_get" (func $args (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_sizes_get"
    (func $environ_sizes (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_get" (func $environ (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_prestat_get" (func $prestat (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_prestat_dir_name"
    (func $prestat_name (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read"
    (func $read (param i32 i32 i32 i32) (result i32)))
  (import "wapc" "__guest_response" (func $response (param i32 i32)))
  (memory (export "memory") 1)
  ;; All that is known goes to 4096 and on, a line each.
  (global $end (mut i32) (i32.const 4096))
  ;; Makes lines of strings, which begin at the end and have a NUL behind each.
  (func $add_strings (param $bytes i32) (local $stop i32)
    (local.set $stop (i32.add (global.get $end) (local.get $bytes)))
    (block $done (loop $next
      (br_if $done (i32.eq (global.get $end) (local.get $stop)))
      (if (i32.eqz (i32.load8_u (global.get $end)))
        (then (i32.store8 (global.get $end) (i32.const 10))))
      (global.set $end (i32.add (global.get $end) (i32.const 1)))
      (br $next))))
  (func $collect (local $fd i32) (local $bytes i32)
    (global.set $end (i32.const 4096))
    (drop (call $args_sizes (i32.const 0) (i32.const 4)))
    (drop (call $args (i32.const 1024) (global.get $end)))
    (call $add_strings (i32.load (i32.const 4)))
    (drop (call $environ_sizes (i32.const 0) (i32.const 4)))
    (drop (call $environ (i32.const 1024) (global.get $end)))
    (call $add_strings (i32.load (i32.const 4)))
    (local.set $fd (i32.const 3))
    (block $done (loop $next
      (br_if $done (call $prestat (local.get $fd) (i32.const 0)))
      (local.set $bytes (i32.load (i32.const 4)))
      (drop (call $prestat_name (local.get $fd) (global.get $end) (local.get $bytes)))
      (i32.store8 (i32.add (global.get $end) (local.get $bytes)) (i32.const 0))
      (call $add_strings (i32.add (local.get $bytes) (i32.const 1)))
      (local.set $fd (i32.add (local.get $fd) (i32.const 1)))
      (br $next)))
    (block $done (loop $next
      (i32.store (i32.const 0) (global.get $end))
      (i32.store (i32.const 4) (i32.const 1000))
      (br_if $done (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
      (br_if $done (i32.eqz (i32.load (i32.const 8))))
      (global.set $end (i32.add (global.get $end) (i32.load (i32.const 8))))
      (br $next))))
  (func (export "__guest_call") (param i32 i32) (result i32)
    (call $collect)
    (call $response (i32.const 4096) (i32.sub (global.get $end) (i32.const 4096)))
    (i32.const 1)))
