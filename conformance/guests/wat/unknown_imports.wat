;; Besides what is known, one of each kind of import that is not.
(module
  (import "wapc" "__guest_response" (func $guest_response (param i32 i32)))
  (import "wapc" "__guest_wish" (func (param i32)))
  (import "wapc" "__console_log" (func (param i64) (result i32)))
  (import "env" "print" (func (param f64) (result f32)))
  (import "env" "memory" (memory $memory 1))
  (import "env" "table" (table 1 funcref))
  (import "env" "base" (global i32))
  (export "memory" (memory $memory))
  (func (export "__guest_call") (param i32 i32) (result i32) (i32.const 1)))
