;; Needs the proposal reference-types.
(module
  (memory (export "memory") 1)
  (table $elements 10 funcref)
  (func (export "__guest_call") (param i32 i32) (result i32)
    (drop (table.get $elements (i32.const 10)))
    (i32.const 1)))
