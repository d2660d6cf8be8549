;; Is stopped by a trap.
(module
  (memory (export "memory") 1)
  (func $inner unreachable)
  (func (export "__guest_call") (param i32 i32) (result i32)
    (call $inner)
    (i32.const 1)))
