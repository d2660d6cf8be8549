;; The loads of bench/micro/guest.wat for Extism, whose plug-ins have their input and output in a memory
;; of Extism's. `echo` has its payload in its own memory, as a waPC guest has: copied in and out by eight
;; bytes a call, as Extism's kits for plug-ins do. `echo_in_place` never sees it: the input's place is
;; given as the output's. Payloads are multiples of eight bytes. `host` keeps the block of its payload, and
;; leaves it to Extism to free answers after the call: each other way is several times slower, for Extism
;; then searches its list of blocks.
(module
  (import "extism:host/env" "input_length" (func $input_length (result i64)))
  (import "extism:host/env" "input_offset" (func $input_offset (result i64)))
  (import "extism:host/env" "input_load_u64" (func $input_load (param i64) (result i64)))
  (import "extism:host/env" "output_set" (func $output_set (param i64 i64)))
  (import "extism:host/env" "alloc" (func $alloc (param i64) (result i64)))
  (import "extism:host/env" "length_unsafe" (func $length (param i64) (result i64)))
  (import "extism:host/env" "load_u64" (func $load (param i64) (result i64)))
  (import "extism:host/env" "store_u64" (func $store (param i64 i64)))
  (import "extism:host/user" "host_call" (func $host_call (param i64) (result i64)))
  (memory (export "memory") 20)
  (data (i32.const 0) "12345678")
  (func (export "nop") (result i32) (i32.const 0))
  (func (export "echo") (result i32)
    (local $size i64) (local $at i64) (local $output i64)
    (local.set $size (call $input_length))
    (block $read
      (loop $next
        (br_if $read (i64.ge_u (local.get $at) (local.get $size)))
        (i64.store offset=65536 (i32.wrap_i64 (local.get $at)) (call $input_load (local.get $at)))
        (local.set $at (i64.add (local.get $at) (i64.const 8)))
        (br $next)))
    (local.set $output (call $alloc (local.get $size)))
    (local.set $at (i64.const 0))
    (block $written
      (loop $next
        (br_if $written (i64.ge_u (local.get $at) (local.get $size)))
        (call $store (i64.add (local.get $output) (local.get $at))
          (i64.load offset=65536 (i32.wrap_i64 (local.get $at))))
        (local.set $at (i64.add (local.get $at) (i64.const 8)))
        (br $next)))
    (call $output_set (local.get $output) (local.get $size))
    (i32.const 0))
  (func (export "echo_in_place") (result i32)
    (call $output_set (call $input_offset) (call $input_length))
    (i32.const 0))
  (func (export "host") (result i32)
    (local $left i32) (local $payload i64) (local $answer i64)
    (local.set $payload (call $alloc (i64.const 8)))
    (local.set $left (i32.const 1000))
    (loop $next
      (call $store (local.get $payload) (i64.load (i32.const 0)))
      (local.set $answer (call $host_call (local.get $payload)))
      (if (i64.ne (i64.const 8) (call $length (local.get $answer))) (then (unreachable)))
      (i64.store (i32.const 2048) (call $load (local.get $answer)))
      (local.set $left (i32.sub (local.get $left) (i32.const 1)))
      (br_if $next (local.get $left)))
    (i32.const 0)))
