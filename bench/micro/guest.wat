;; What is measured: does nothing (nop), answers with its payload (echo), or calls the host once (one) or
;; 1,000 times (host) and pulls each answer. It keeps operation and payload at fixed places, so that next to nothing
;; of the time is its own. But for work: that adds up its payload, word by word, as FNV-1a does with bytes.
(module
  (import "wapc" "__guest_request" (func $guest_request (param i32 i32)))
  (import "wapc" "__guest_response" (func $guest_response (param i32 i32)))
  (import "wapc" "__guest_error" (func (param i32 i32))) ;; Unused; a peer refuses guests without it.
  (import "wapc" "__host_call"
    (func $host_call (param i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
  (import "wapc" "__host_response_len" (func $host_response_length (result i32)))
  (import "wapc" "__host_response" (func $host_response (param i32)))
  (memory (export "memory") 20)
  (data (i32.const 0) "bindingnamespaceoperation12345678")
  (func (export "__guest_call") (param $operation_length i32) (param $payload_length i32)
    (result i32)
    (local $letter i32) (local $left i32) (local $sum i32) (local $at i32)
    (call $guest_request (i32.const 1024) (i32.const 65536))
    (local.set $letter (i32.load8_u (i32.const 1024)))
    (if (i32.eq (local.get $letter) (i32.const 101)) ;; e
      (then
        (call $guest_response (i32.const 65536) (local.get $payload_length))
        (return (i32.const 1))))
    (if (i32.eq (local.get $letter) (i32.const 119)) ;; w
      (then
        (loop $word
          (local.set $sum
            (i32.mul (i32.const 16777619)
              (i32.xor (local.get $sum) (i32.load offset=65536 (local.get $at)))))
          (br_if $word
            (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 4)))
              (local.get $payload_length))))
        (i32.store (i32.const 2048) (local.get $sum))
        (call $guest_response (i32.const 2048) (i32.const 4))
        (return (i32.const 1))))
    (if (i32.eq (local.get $letter) (i32.const 104)) ;; h
      (then (local.set $left (i32.const 1000))))
    (if (i32.eq (local.get $letter) (i32.const 111)) ;; o
      (then (local.set $left (i32.const 1))))
    (if (local.get $left)
      (then
        (loop $next
          (if (i32.ne (i32.const 1)
                (call $host_call (i32.const 0) (i32.const 7) (i32.const 7) (i32.const 9)
                  (i32.const 16) (i32.const 9) (i32.const 25) (i32.const 8)))
            (then (unreachable)))
          (if (i32.ne (i32.const 8) (call $host_response_length)) (then (unreachable)))
          (call $host_response (i32.const 2048))
          (local.set $left (i32.sub (local.get $left) (i32.const 1)))
          (br_if $next (local.get $left)))))
    (call $guest_response (i32.const 0) (i32.const 0))
    (i32.const 1)))
