;; Answers twice, then is stopped by a trap: each instance anew.
(module
  (import "wapc" "__guest_response" (func $response (param i32 i32)))
  (global $calls (mut i32) (i32.const 0))
  (memory (export "memory") 1)
  (func (export "__guest_call") (param i32 i32) (result i32)
    (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
    (if (i32.eq (global.get $calls) (i32.const 3)) (then unreachable))
    (call $response (i32.const 0) (i32.const 0))
    (i32.const 1)))
