;; A small guest without WASI, for what an instance costs; instance_with_wasi.wat is the same with it.
(module
  (import "wapc" "__guest_response" (func (param i32 i32)))
  (memory (export "memory") 2)
  (data (i32.const 32) "some data")
  (func (export "__guest_call") (param i32 i32) (result i32) (i32.const 0)))
