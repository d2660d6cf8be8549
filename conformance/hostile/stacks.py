"""Stacks: the machine's, the interpreter's, and those that a compiler needs for deep code."""

from corpus import ALIVE, fails, runs_out
from text import ALIVE_AT, SCRATCH, STARTS, ask, called, calling, guest

EXHAUSTED = fails("trapped", "call stack exhausted")

DEEP = {
    "plain_recursion": ("(call $deep)", "(func $deep (call $deep))", []),
    "recursion_with_a_result": ("(drop (call $deep))",
                                "(func $deep (result i32) (i32.add (call $deep) (i32.const 1)))", []),
    "mutual_recursion": ("(call $a)", "(func $a (call $b)) (func $b (call $c)) (func $c (call $a))", []),
    "recursion_through_a_table": ("(call $deep)",
                                  "(type $plain (func)) (table 1 funcref) (elem (i32.const 0) $deep)"
                                  "(func $deep (type $plain) (call_indirect (type $plain) (i32.const 0)))",
                                  []),
    "recursion_with_a_thousand_locals": (
        "(drop (call $deep (i64.const 1)))",
        "(func $deep (param i64) (result i64) (local" + " i64" * 1000 + ")"
        + "".join(f"(local.set {i} (i64.add (local.get 0) (i64.const {i})))" for i in range(1, 1001))
        + "(drop (call $deep (local.get 0)))"
        + "(i64.add (local.get 1) " * 998 + "(local.get 2)" + ")" * 998 + ")", []),
    "recursion_with_nine_hundred_parameters": (
        "(call $deep" + " (i64.const 1)" * 900 + ")",
        "(func $deep (param" + " i64" * 900 + ") (call $deep"
        + "".join(f" (local.get {i})" for i in range(900)) + "))", []),
    "recursion_with_a_hundred_results": (
        "(call $deep)" + "(drop)" * 100,
        "(func $deep (result" + " i64" * 100 + ") (call $deep))", ["multi-value"]),
    "recursion_within_a_hundred_blocks": (
        "(call $deep)", "(func $deep " + "(block " * 100 + "(call $deep)" + ")" * 100 + ")", []),
    "recursion_with_five_hundred_operands": (
        "(drop (call $deep))",
        "(func $deep (result i32) " + "(i32.add (call $deep) " * 500 + "(i32.const 1)" + ")" * 500 + ")", []),
    "recursion_within_loops": ("(call $deep)", "(func $deep (loop (loop (call $deep) (br 1))))", []),
    "tail_calls_within_recursion": ("(call $deep)",
                                    "(func $deep (call $hop)) (func $hop (return_call $deep))",
                                    ["tail-call"]),
}

# What a guest asks of the host at every depth, until its stack ends: the host needs stack too.
ASKING = {
    "a_host_call": f"(drop {ask('echo')})",
    "a_host_call_that_fails": f"(drop {ask('throw')})",
    "a_line_of_the_log": calling("console_log", ALIVE_AT, 5),
    "a_response": calling("guest_response", ALIVE_AT, 5),
    "a_request": calling("guest_request", SCRATCH, SCRATCH),
    "a_growth_of_memory": "(drop (memory.grow (i32.const 0)))",
}

ASKING_WASI = {
    "a_file_that_is_opened": ("path_open", "(drop " + calling(
        "path_open", 3, 1, ALIVE_AT, 5, 0, "(i64.const 2)", "(i64.const 0)", 0, SCRATCH) + ")"),
    "a_listing_of_a_directory": ("fd_readdir", "(drop " + calling(
        "fd_readdir", 3, SCRATCH, 128, "(i64.const 0)", SCRATCH + 4096) + ")"),
    "a_path_of_many_parts": ("path_filestat_get", "(drop " + calling(
        "path_filestat_get", 3, 1, 0x8000, 21, SCRATCH) + ")"),
    "a_wait_for_clocks": ("poll_oneoff", "(drop " + calling(
        "poll_oneoff", 0x8000, 0x10000, 8, SCRATCH) + ")"),
    "a_write_of_parts": ("fd_write", "(drop " + calling("fd_write", 1, 0x8000, 64, SCRATCH) + ")"),
    "random_numbers": ("random_get", "(drop " + calling("random_get", 0x8000, 64) + ")"),
}


def add(corpus):
    for name, (work, fields, features) in DEEP.items():
        corpus.guest(name, guest(f"{work} (call $alive)", fields), EXHAUSTED, features=features)
    for start, label in STARTS.items():
        for name in ["recursion_with_a_result", "recursion_through_a_table"]:
            work, fields, features = DEEP[name]
            corpus.guest(f"{name}_in_{label}", guest(fields=f"{fields} (func $work {work})", starts=[start]),
                         start=fails("init_failed", f"{called(start)}: call stack exhausted"),
                         features=features)
    for name, work in ASKING.items():
        corpus.guest(f"recursion_with_{name}_at_each_depth",
                     guest("(call $deep) (call $alive)", f"(func $deep {work} (call $deep))"), EXHAUSTED)
    slashes = '(data (i32.const 0x8000) "' + "./" * 10 + '.")'
    for name, (function, work) in ASKING_WASI.items():
        corpus.guest(f"recursion_with_{name}_at_each_depth",
                     guest("(call $deep) (call $alive)", f"(func $deep {work} (call $deep))"
                           + (slashes if function == "path_filestat_get" else ""), wasi=[function]),
                     EXHAUSTED, folder=True)
    corpus.guest("a_host_call_that_calls_another_guest_and_so_on",
                 guest(f"(drop {ask('another')})"
                       f"(call $host_error (i32.const {SCRATCH}))"
                       f"(call $guest_error (i32.const {SCRATCH}) (call $host_error_len)) (i32.const 0)"),
                 fails("guest_error", mentions="bytes of native stack left; guest code needs"),
                 stack_kib=2048,
                 nesting_max=1_000_000)
    corpus.guest("recursion_and_then_a_guest_that_does_the_same",
                 guest("(call $deep) (call $alive)", f"(func $deep (drop {ask('another')}) (call $deep))"),
                 runs_out(), stack_kib=1024)
    corpus.guest("stack_exhausted_again_and_again",
                 guest("(call $deep) (call $alive)", "(func $deep (call $deep))"), *[EXHAUSTED] * 5)
    add_deep_code(corpus)


def add_deep_code(corpus):
    """What a compiler or validator that recurses over nested code would die of."""
    def deep(name, work, fields=""):
        corpus.guest(name, guest(f"{work} (call $alive)", fields), ALIVE)

    deep("five_hundred_blocks_within_each_other", "(block " * 500 + ")" * 500)
    deep("five_hundred_loops_within_each_other", "(loop " * 500 + ")" * 500)
    deep("five_hundred_conditions_within_each_other",
         "(if (i32.const 1) (then " * 500 + "))" * 500)
    deep("five_thousand_operands_at_once",
         "i32.const 1 " * 5000 + "i32.add " * 4999 + "drop ")
    deep("ten_thousand_operations_on_each_other", "i32.const 1 " + "i32.const 3 i32.mul " * 10_000 + "drop ")
    deep("a_branch_table_of_ten_thousand_targets",
         "(block (block (br_table " + "0 1 " * 5000 + "0 (i32.const 777))))")
    deep("ten_thousand_functions_that_call_each_other", "(call $f0)", "".join(
        f"(func $f{i} {f'(call $f{i + 1})' if i % 100 != 99 else ''})" for i in range(10_000)))
    deep("a_function_of_five_thousand_locals", "(call $many)", "(func $many (local" + " i64" * 5000 + "))")
