;; Logs "ready", and never answers.
(module
  (import "wapc" "__console_log" (func $log (param i32 i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "ready")
  (func (export "__guest_call") (param i32 i32) (result i32)
    (call $log (i32.const 0) (i32.const 5))
    (loop $again (br $again))
    (i32.const 1)))
