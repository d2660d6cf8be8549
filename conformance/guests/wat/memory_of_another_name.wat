(module
  (import "wapc" "__guest_response" (func $guest_response (param i32 i32)))
  (memory (export "ram") 1)
  (data (i32.const 8) "from ram")
  (func (export "__guest_call") (param i32 i32) (result i32)
    (call $guest_response (i32.const 8) (i32.const 8))
    (i32.const 1)))
