;; Prints through waPC, and through WASI.
(module
  (import "wapc" "__guest_response" (func $guest_response (param i32 i32)))
  (import "wapc" "__console_log" (func $console_log (param i32 i32)))
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "to the console")
  (data (i32.const 16) "to standard output\n")
  (data (i32.const 64) "\10\00\00\00\13\00\00\00") ;; Where that is, and how long.
  (func (export "__guest_call") (param i32 i32) (result i32)
    (call $console_log (i32.const 0) (i32.const 14))
    (drop (call $fd_write (i32.const 1) (i32.const 64) (i32.const 1) (i32.const 128)))
    (call $guest_response (i32.const 0) (i32.const 0))
    (i32.const 1)))
