(module (memory (export "memory") (export "__guest_call") 1))
