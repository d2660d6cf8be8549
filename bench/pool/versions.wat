;; A guest that answers with the version that it was made as: VERSION is replaced in the bytes, so that
;; each load is another module. It traps when it is asked for one letter.
(module
  (import "wapc" "__guest_response" (func $response (param i32 i32)))
  (memory (export "memory") 2)
  (data (i32.const 16) "VERSION!")
  (func (export "__guest_call") (param $operation i32) (param $payload i32) (result i32)
    (if (i32.eq (local.get $operation) (i32.const 1)) (then (unreachable)))
    (call $response (i32.const 16) (i32.const 8))
    (i32.const 1)))
