;; Answers twice, then fails.
(module
  (import "wapc" "__guest_response" (func $response (param i32 i32)))
  (import "wapc" "__guest_error" (func $error (param i32 i32)))
  (global $calls (mut i32) (i32.const 0))
  (memory (export "memory") 1)
  (data (i32.const 0) "three")
  (func (export "__guest_call") (param i32 i32) (result i32)
    (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
    (if (i32.eq (global.get $calls) (i32.const 3))
      (then (call $error (i32.const 0) (i32.const 5)) (return (i32.const 0))))
    (call $response (i32.const 0) (i32.const 0))
    (i32.const 1)))
