;; A guest that does, by the length of its operation, what a good guest does or what a bad one does.
;; The numbers are those of `Does` in guest.hpp.
(module
  (import "wapc" "__guest_request" (func $request (param i32 i32)))
  (import "wapc" "__guest_response" (func $response (param i32 i32)))
  (import "wapc" "__guest_error" (func $error (param i32 i32)))
  (import "wapc" "__host_call"
    (func $host_call (param i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
  (import "wapc" "__console_log" (func $log (param i32 i32)))
  (memory (export "memory") 2)
  (data (i32.const 0) "bad")
  (type $nothing (func))
  (table 1 funcref)

  (func $ask (result i32)
    (call $host_call (i32.const 0) (i32.const 3) (i32.const 0) (i32.const 3)
      (i32.const 0) (i32.const 3) (i32.const 0) (i32.const 3)))

  (func $recurse (param $depth i32) (result i32)
    (i32.add (call $recurse (i32.add (local.get $depth) (i32.const 1))) (local.get $depth)))

  (func (export "__guest_call") (param $does i32) (param $length i32) (result i32)
    (if (i32.eq (local.get $does) (i32.const 1)) (then
      (call $request (i32.const 1000) (i32.const 1024))
      (call $response (i32.const 1024) (local.get $length))
      (return (i32.const 1))))
    (if (i32.eq (local.get $does) (i32.const 2)) (then
      (drop (call $ask))
      (call $response (i32.const 0) (i32.const 0))
      (return (i32.const 1))))
    (if (i32.eq (local.get $does) (i32.const 3)) (then
      (call $error (i32.const 0) (i32.const 3))
      (return (i32.const 0))))
    (if (i32.eq (local.get $does) (i32.const 4)) (then (return (i32.const 1))))
    (if (i32.eq (local.get $does) (i32.const 5)) (then (unreachable)))
    (if (i32.eq (local.get $does) (i32.const 6)) (then (drop (i32.load (i32.const -4)))))
    (if (i32.eq (local.get $does) (i32.const 7)) (then (call_indirect (type $nothing) (i32.const 0))))
    (if (i32.eq (local.get $does) (i32.const 8)) (then (return (call $recurse (i32.const 0)))))
    (if (i32.eq (local.get $does) (i32.const 9)) (then
      (call $response (i32.const -4) (i32.const 8))))
    (if (i32.eq (local.get $does) (i32.const 10)) (then
      (loop $more (call $log (i32.const 0) (i32.const 3)) (br $more))))
    (if (i32.eq (local.get $does) (i32.const 11)) (then
      (loop $more (drop (call $ask)) (br $more))))
    (if (i32.eq (local.get $does) (i32.const 12)) (then
      (loop $more (br_if $more (i32.ne (memory.grow (i32.const 1)) (i32.const -1))))
      (unreachable)))
    (if (i32.eq (local.get $does) (i32.const 13)) (then (loop $forever (br $forever))))
    (if (i32.eq (local.get $does) (i32.const 14)) (then
      (loop $more
        (memory.fill (i32.const 65536) (i32.const 7) (i32.const 65536))
        (br $more))))
    (unreachable)))
