;; A program: makes the file "made" in its first directory; exits with the number of the error when
;; it cannot.
(module
  (import "wasi_snapshot_preview1" "path_open"
    (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write"
    (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "\20\00\00\00\05\00\00\00")
  (data (i32.const 32) "made\0a")
  (func $check (param $number i32)
    (if (local.get $number) (then (call $exit (local.get $number)))))
  (func (export "_start")
    (call $check (call $open (i32.const 3) (i32.const 0) (i32.const 32) (i32.const 4)
      (i32.const 9) (i64.const 64) (i64.const 0) (i32.const 0) (i32.const 16)))
    (call $check (call $write (i32.load (i32.const 16)) (i32.const 0) (i32.const 1)
      (i32.const 20)))))
