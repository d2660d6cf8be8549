;; Answers with what is in the file that its payload names, in the first directory it was given; or
;; fails with what it knows.
(module
  (import "wapc" "__guest_request" (func $guest_request (param i32 i32)))
  (import "wapc" "__guest_response" (func $guest_response (param i32 i32)))
  (import "wapc" "__guest_error" (func $guest_error (param i32 i32)))
  (import "wasi_snapshot_preview1" "path_open"
    (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read"
    (func $fd_read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_close" (func $fd_close (param i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "\00\10\00\00\00\10\00\00")  ;; One part: 4,096 bytes at 4096.
  (data (i32.const 32) "that file is not for me")

  (func (export "__guest_call") (param $operation_length i32) (param $payload_length i32)
    (result i32)
    (local $file i32)
    (call $guest_request (i32.const 1024) (i32.const 2048))
    ;; Descriptor 3 is the first directory; 2 is the right to read; the number goes to 16.
    (if (call $path_open (i32.const 3) (i32.const 1) (i32.const 2048) (local.get $payload_length)
          (i32.const 0) (i64.const 2) (i64.const 0) (i32.const 0) (i32.const 16))
      (then
        (call $guest_error (i32.const 32) (i32.const 23))
        (return (i32.const 0))))
    (local.set $file (i32.load (i32.const 16)))
    (drop (call $fd_read (local.get $file) (i32.const 0) (i32.const 1) (i32.const 20)))
    (drop (call $fd_close (local.get $file)))
    (call $guest_response (i32.const 4096) (i32.load (i32.const 20)))
    (i32.const 1)))
