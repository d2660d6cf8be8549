;; Asks its host: kv/cache/OPERATION with its payload; answers with the host's answer or error.
(module
  (import "wapc" "__guest_request" (func $guest_request (param i32 i32)))
  (import "wapc" "__guest_response" (func $guest_response (param i32 i32)))
  (import "wapc" "__guest_error" (func $guest_error (param i32 i32)))
  (import "wapc" "__host_call"
    (func $host_call (param i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
  (import "wapc" "__host_response_len" (func $host_response_length (result i32)))
  (import "wapc" "__host_response" (func $host_response (param i32)))
  (import "wapc" "__host_error_len" (func $host_error_length (result i32)))
  (import "wapc" "__host_error" (func $host_error (param i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "kvcache")

  (func (export "__guest_call") (param $operation_length i32) (param $payload_length i32)
    (result i32)
    (call $guest_request (i32.const 1024) (i32.const 4096))
    (if (call $host_call (i32.const 0) (i32.const 2) (i32.const 2) (i32.const 5)
          (i32.const 1024) (local.get $operation_length)
          (i32.const 4096) (local.get $payload_length))
      (then
        (call $host_response (i32.const 8192))
        (call $guest_response (i32.const 8192) (call $host_response_length))
        (return (i32.const 1))))
    (call $host_error (i32.const 8192))
    (call $guest_error (i32.const 8192) (call $host_error_length))
    (i32.const 0)))
