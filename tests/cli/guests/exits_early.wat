;; A program that exits with 5 in its start section, before _start.
(module
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (start $early)
  (func $early (call $exit (i32.const 5)))
  (func (export "_start") unreachable))
