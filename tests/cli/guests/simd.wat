;; A guest that needs the proposal simd.
(module
  (import "wapc" "__guest_response" (func $response (param i32 i32)))
  (memory (export "memory") 1)
  (func (export "__guest_call") (param i32 i32) (result i32)
    (drop (i32x4.splat (local.get 0)))
    (call $response (i32.const 0) (i32.const 0))
    (i32.const 1)))
