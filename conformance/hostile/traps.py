"""Every instruction that can trap, with what makes it."""

from corpus import ALIVE, fails
from text import MEMORY_BYTES, STARTS, called, guest

ZERO = "integer divide by zero"
OVERFLOW = "integer overflow"
CONVERSION = "invalid conversion to integer"
MEMORY = "out of bounds memory access"
TABLE = ("(type $plain (func)) (type $other (func (param i64))) (func $f (type $plain))"
         " (table 2 funcref) (elem (i32.const 0) $f)")


def add(corpus):
    def traps(name, work, message, fields="", features=()):
        corpus.guest(name, guest(f"{work} (call $alive)", fields), fails("trapped", message),
                     features=features)

    traps("unreachable_code", "unreachable", "unreachable executed")
    for width in ["i32", "i64"]:
        for operation in ["div_s", "div_u", "rem_s", "rem_u"]:
            traps(f"{width}_{operation}_by_zero",
                  f"(drop ({width}.{operation} ({width}.const 7) ({width}.const 0)))", ZERO)
        lowest = "0x80000000" if width == "i32" else "0x8000000000000000"
        traps(f"{width}_div_s_of_the_lowest_number_by_minus_one",
              f"(drop ({width}.div_s ({width}.const {lowest}) ({width}.const -1)))", OVERFLOW)
        corpus.guest(f"{width}_rem_s_of_the_lowest_number_by_minus_one",
                     guest(f"(if ({width}.ne ({width}.rem_s ({width}.const {lowest}) ({width}.const -1))"
                           f" ({width}.const 0)) (then unreachable)) (call $alive)"), ALIVE)
        for source in ["f32", "f64"]:
            for sign in ["s", "u"]:
                convert = f"{width}.trunc_{source}_{sign}"
                traps(f"{width}_trunc_{source}_{sign}_of_no_number",
                      f"(drop ({convert} ({source}.const nan)))",
                      CONVERSION)
                traps(f"{width}_trunc_{source}_{sign}_of_infinity",
                      f"(drop ({convert} ({source}.const inf)))", OVERFLOW)
                traps(f"{width}_trunc_{source}_{sign}_of_a_number_too_low",
                      f"(drop ({convert} ({source}.const {'-1e30' if sign == 's' else '-1'})))", OVERFLOW)
    sizes = {"i32.load8_s": 1, "i32.load8_u": 1, "i32.load16_s": 2, "i32.load16_u": 2, "i32.load": 4,
             "i64.load8_s": 1,
             "i64.load8_u": 1, "i64.load16_s": 2, "i64.load16_u": 2, "i64.load32_s": 4, "i64.load32_u": 4,
             "i64.load": 8,
             "f32.load": 4, "f64.load": 8}
    for load, size in sizes.items():
        label = load.replace(".", "_")
        traps(f"{label}_across_the_end", f"(drop ({load} (i32.const {MEMORY_BYTES + 1 - size})))", MEMORY)
    for store, size in {"i32.store8": 1, "i32.store16": 2, "i32.store": 4, "i64.store8": 1, "i64.store16": 2,
                        "i64.store32": 4, "i64.store": 8, "f32.store": 4, "f64.store": 8}.items():
        label = store.replace(".", "_")
        traps(f"{label}_across_the_end",
              f"({store} (i32.const {MEMORY_BYTES + 1 - size}) ({store[:3]}.const 0))", MEMORY)
    traps("an_indirect_call_past_the_table", "(call_indirect (type $plain) (i32.const 2))",
          "undefined element", TABLE)
    traps("an_indirect_call_at_the_last_address", "(call_indirect (type $plain) (i32.const -1))",
          "undefined element",
          TABLE)
    traps("an_indirect_call_of_nothing", "(call_indirect (type $plain) (i32.const 1))",
          "uninitialized element", TABLE)
    traps("an_indirect_call_of_another_type", "(call_indirect (type $other) (i64.const 0) (i32.const 0))",
          "indirect call type mismatch", TABLE)
    traps("an_indirect_tail_call_of_another_type", "(call $hop)", "indirect call type mismatch",
          TABLE + "(func $hop (return_call_indirect (type $other) (i64.const 0) (i32.const 0)))",
          ["tail-call"])
    traps("an_indirect_call_in_an_empty_table", "(call_indirect (i32.const 0))", "undefined element",
          "(table 0 funcref)")
    traps("wide_numbers_read_across_the_end", f"(drop (v128.load (i32.const {MEMORY_BYTES - 15})))", MEMORY,
          "",
          ["simd"])
    corpus.guest("an_exception_that_nobody_catches",
                 guest("(throw $t) (call $alive)", "(tag $t)"), fails("trapped"),
                 features=["exception-handling"])
    for start, label in STARTS.items():
        for name, work, message in [("unreachable_code", "unreachable", "unreachable executed"),
                                    ("a_division_by_zero", "(drop (i32.div_u (i32.const 1) (i32.const 0)))",
                                     ZERO),
                                    ("an_access_out_of_bounds", "(drop (i32.load (i32.const -4)))", MEMORY)]:
            corpus.guest(f"{name}_in_{label}", guest(fields=f"(func $work {work})", starts=[start]),
                         start=fails("init_failed", f"{called(start)}: {message}"))
    corpus.guest("a_trap_after_an_error",
                 guest("(call $guest_error (i32.const 0x100) (i32.const 5)) unreachable"),
                 fails("trapped", "alive: unreachable executed"))
    corpus.guest("a_trap_after_an_answer", guest("(drop (call $alive)) unreachable"),
                 fails("trapped", "unreachable executed"))
    corpus.guest("a_thousand_calls_deep_and_then_a_trap",
                 guest("(call $deep (i32.const 1000)) (call $alive)",
                       "(func $deep (param i32) (if (i32.eqz (local.get 0)) (then unreachable))"
                       " (call $deep (i32.sub (local.get 0) (i32.const 1))))"),
                 {**fails("trapped", "unreachable executed"), "backtrace_lines_max": 100})
