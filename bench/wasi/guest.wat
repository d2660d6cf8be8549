;; What is measured of WASI: each function does its work as often as it is told. A waPC guest too, so
;; that hosts can start it.
(module
  (import "wasi_snapshot_preview1" "clock_time_get"
    (func $clock_time_get (param i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "random_get" (func $random_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read"
    (func $fd_read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_close" (func $fd_close (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open"
    (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "poll_oneoff"
    (func $poll_oneoff (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 2)
  (data (i32.const 0) "\20\00\00\00\40\00\00\00")      ;; One vector: 64 bytes at 32.
  (data (i32.const 32) "sixty-three characters and the end of the line make one write.\0a\0a")
  (data (i32.const 128) "file")
  (data (i32.const 144) "\00\04\00\00\00\10\00\00")    ;; One vector: 4,096 bytes at 1024.
  ;; Two subscriptions: to the monotonic clock, relative, and to what can be read from descriptor 0.
  (data (i32.const 160)
    "\00\00\00\00\00\00\00\00" "\00\00\00\00\00\00\00\00" "\01\00\00\00\00\00\00\00"
    "\ff\ff\ff\ff\ff\ff\ff\7f" "\00\00\00\00\00\00\00\00" "\00\00\00\00\00\00\00\00"
    "\00\00\00\00\00\00\00\00" "\01\00\00\00\00\00\00\00" "\00\00\00\00\00\00\00\00"
    "\00\00\00\00\00\00\00\00" "\00\00\00\00\00\00\00\00" "\00\00\00\00\00\00\00\00")

  (func $check (param $error i32) (if (local.get $error) (then unreachable)))

  (func (export "clock_time_get") (param $left i32)
    (loop $next
      (call $check (call $clock_time_get (i32.const 1) (i64.const 1) (i32.const 512)))
      (br_if $next (local.tee $left (i32.sub (local.get $left) (i32.const 1))))))

  (func (export "random_get 32 B") (param $left i32)
    (loop $next
      (call $check (call $random_get (i32.const 512) (i32.const 32)))
      (br_if $next (local.tee $left (i32.sub (local.get $left) (i32.const 1))))))

  (func (export "fd_write 64 B") (param $left i32)
    (loop $next
      (call $check (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 512)))
      (br_if $next (local.tee $left (i32.sub (local.get $left) (i32.const 1))))))

  (func (export "open, read 4 KiB, close") (param $left i32)
    (local $fd i32)
    (loop $next
      (call $check (call $path_open (i32.const 3) (i32.const 1) (i32.const 128) (i32.const 4)
        (i32.const 0) (i64.const 2) (i64.const 0) (i32.const 0) (i32.const 512)))
      (local.set $fd (i32.load (i32.const 512)))
      (call $check
        (call $fd_read (local.get $fd) (i32.const 144) (i32.const 1) (i32.const 516)))
      (call $check (call $fd_close (local.get $fd)))
      (call $check (i32.ne (i32.load (i32.const 516)) (i32.const 4096)))
      (br_if $next (local.tee $left (i32.sub (local.get $left) (i32.const 1))))))

  ;; What waits without end.
  (func (export "poll a clock") (param i32)
    (call $check
      (call $poll_oneoff (i32.const 160) (i32.const 512) (i32.const 1) (i32.const 504))))
  (func (export "poll input") (param i32)
    (call $check
      (call $poll_oneoff (i32.const 208) (i32.const 512) (i32.const 1) (i32.const 504))))
  (func (export "poll both") (param i32)
    (call $check
      (call $poll_oneoff (i32.const 160) (i32.const 512) (i32.const 2) (i32.const 504))))
  (func (export "read input") (param i32)
    (call $check (call $fd_read (i32.const 0) (i32.const 144) (i32.const 1) (i32.const 512))))

  (func (export "__guest_call") (param i32 i32) (result i32) (i32.const 0)))
