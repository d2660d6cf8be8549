;; Does not validate: a start section's function takes nothing. Made with --no-check.
(module
  (memory (export "memory") 1)
  (func $first (param i32))
  (start $first)
  (func (export "__guest_call") (param i32 i32) (result i32) (i32.const 1)))
