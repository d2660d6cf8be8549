;; A program: prints a line on standard output and the beginning of one on standard error, and exits
;; with the code that its argument says.
(module
  (import "wasi_snapshot_preview1" "args_get" (func $args (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write"
    (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "\10\00\00\00\04\00\00\00\14\00\00\00\03\00\00\00")
  (data (i32.const 16) "out\0aerr")
  (func (export "_start") (local $at i32) (local $code i32)
    (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 64)))
    (drop (call $write (i32.const 2) (i32.const 8) (i32.const 1) (i32.const 64)))
    (drop (call $args (i32.const 1024) (i32.const 4096)))
    (local.set $at (i32.load (i32.const 1028)))
    (block $read (loop $digit
      (br_if $read (i32.eqz (i32.load8_u (local.get $at))))
      (local.set $code (i32.add (i32.mul (local.get $code) (i32.const 10))
        (i32.sub (i32.load8_u (local.get $at)) (i32.const 48))))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (br $digit)))
    (call $exit (local.get $code))
    unreachable))
