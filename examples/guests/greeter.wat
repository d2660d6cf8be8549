;; Answers "hello, " and its payload.
(module
  (import "wapc" "__guest_request" (func $guest_request (param i32 i32)))
  (import "wapc" "__guest_response" (func $guest_response (param i32 i32)))
  (memory (export "memory") 2)
  (data (i32.const 4096) "hello, ")
  (func (export "__guest_call") (param $operation_length i32) (param $payload_length i32)
    (result i32)
    ;; The operation goes to 1024, the payload behind the word, so that the answer stands together.
    (call $guest_request (i32.const 1024) (i32.const 4103))
    (call $guest_response (i32.const 4096) (i32.add (i32.const 7) (local.get $payload_length)))
    (i32.const 1)))
