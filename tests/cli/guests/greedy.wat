;; A program whose memory has 32 pages.
(module
  (memory (export "memory") 32)
  (func (export "_start")))
