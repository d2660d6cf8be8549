;; A guest that never gets through its start section.
(module
  (memory (export "memory") 1)
  (func $forever (loop $more (br $more)))
  (start $forever)
  (func (export "__guest_call") (param i32 i32) (result i32) (i32.const 1)))
