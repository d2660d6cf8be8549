;; Answers with {"a": [1, -2, "x"], "b": nothing} as MessagePack.
(module
  (import "wapc" "__guest_response" (func $response (param i32 i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "\82\a1a\93\01\fe\a1x\a1b\c0")
  (func (export "__guest_call") (param i32 i32) (result i32)
    (call $response (i32.const 0) (i32.const 11))
    (i32.const 1)))
