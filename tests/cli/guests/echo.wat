;; Answers any operation with its payload, of any size.
(module
  (import "wapc" "__guest_request" (func $request (param i32 i32)))
  (import "wapc" "__guest_response" (func $response (param i32 i32)))
  (memory (export "memory") 1)
  (func (export "__guest_call") (param $op i32) (param $length i32) (result i32)
    (local $missing i32)
    (local.set $missing
      (i32.sub (i32.add (local.get $op) (local.get $length))
               (i32.shl (memory.size) (i32.const 16))))
    (if (i32.gt_s (local.get $missing) (i32.const 0))
      (then (drop (memory.grow
        (i32.shr_u (i32.add (local.get $missing) (i32.const 65535)) (i32.const 16))))))
    (call $request (i32.const 0) (local.get $op))
    (call $response (local.get $op) (local.get $length))
    (i32.const 1)))
