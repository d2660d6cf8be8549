;; Declares 2 MiB of memory, 4 MiB at most, a table, and a start section.
(module
  (import "wapc" "__guest_response" (func $response (param i32 i32)))
  (memory (export "memory") 32 64)
  (table 3 10 funcref)
  (func $start)
  (start $start)
  (func (export "__guest_call") (param i32 i32) (result i32)
    (call $response (i32.const 0) (i32.const 0))
    (i32.const 1)))
