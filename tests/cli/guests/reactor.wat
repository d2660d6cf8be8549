;; A library for WASI: neither a program nor a guest.
(module
  (memory (export "memory") 1)
  (func (export "_initialize")))
