;; Prints a line on standard output and one on standard error by WASI, and ends with a third.
(module
  (import "wasi_snapshot_preview1" "fd_write"
    (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wapc" "__guest_response" (func $response (param i32 i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "\10\00\00\00\08\00\00\00\18\00\00\00\08\00\00\00")
  (data (i32.const 16) "to out\0a.to err\0a.")
  (func (export "_start"))
  (func (export "__guest_call") (param i32 i32) (result i32)
    (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 64)))
    (drop (call $write (i32.const 2) (i32.const 8) (i32.const 1) (i32.const 64)))
    (call $response (i32.const 0) (i32.const 0))
    (i32.const 1)))
