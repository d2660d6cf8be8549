;; Does what its operation says: "error", "trap", anything else is fine.
(module
  (import "wapc" "__guest_request" (func $guest_request (param i32 i32)))
  (import "wapc" "__guest_response" (func $guest_response (param i32 i32)))
  (import "wapc" "__guest_error" (func $guest_error (param i32 i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "not today")
  (data (i32.const 16) "all is well")
  (func $explode (unreachable))
  (func (export "__guest_call") (param i32 i32) (result i32)
    (local $letter i32)
    (call $guest_request (i32.const 1024) (i32.const 2048))
    (local.set $letter (i32.load8_u (i32.const 1024)))
    (if (i32.eq (local.get $letter) (i32.const 101)) ;; e
      (then
        (call $guest_error (i32.const 0) (i32.const 9))
        (return (i32.const 0))))
    (if (i32.eq (local.get $letter) (i32.const 116)) ;; t
      (then (call $explode)))
    (call $guest_response (i32.const 16) (i32.const 11))
    (i32.const 1)))
