;; Needs the proposal multi-memory: the memory named `memory` counts, not the first one exported.
(module
  (import "wapc" "__guest_response" (func $guest_response (param i32 i32)))
  (memory $first (export "a_memory") 1)
  (memory $second (export "memory") 1)
  (data (memory $first) (i32.const 8) "the first one")
  (data (memory $second) (i32.const 8) "the named one")
  (func (export "__guest_call") (param i32 i32) (result i32)
    (call $guest_response (i32.const 8) (i32.const 13))
    (i32.const 1)))
