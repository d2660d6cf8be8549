;; Rolls a die of six sides with functions that are neither waPC's nor WASI's.
(module
  (import "wapc" "__guest_response" (func $guest_response (param i32 i32)))
  (import "game" "name" (func $name (param i32) (result i32)))
  (import "game" "roll" (func $roll (param i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "__guest_call") (param i32 i32) (result i32)
    (local $length i32)
    (local.set $length (call $name (i32.const 0)))
    (i32.store8 (local.get $length) (i32.add (i32.const 48) (call $roll (i32.const 6))))
    (call $guest_response (i32.const 0) (i32.add (local.get $length) (i32.const 1)))
    (i32.const 1)))
