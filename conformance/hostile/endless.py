"""Work without end, of every shape, and in every place that runs guest code."""

from corpus import ALIVE, SHORT_MS, fails, runs_out
from text import ALIVE_AT, SCRATCH, STARTS, ask, calling, guest

BULK = ["bulk-memory-operations"]
TAIL = ["tail-call"]
REFERENCES = ["reference-types"]

# Each is what `$work` does, what else the module has, and the features that it takes. The type of
# `$work` is () -> ().
SHAPES = {
    "an_empty_loop": ("(loop (br 0))", "", []),
    "a_loop_that_counts": ("(local $i i64) (loop (local.set $i (i64.add (local.get $i) (i64.const 1)))"
                           " (br_if 0 (i64.ne (local.get $i) (i64.const -1))))", "", []),
    "loops_within_loops": ("(loop (loop (loop (loop (br 3)) (br 2))))", "", []),
    "a_loop_with_a_branch_table": ("(local $i i32) (loop (block (block (block (br_table 3 0 1 2 3 (i32.and"
                                   " (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 7))))"
                                   " (br 2)) (br 1)) (br 0))", "", []),
    "a_loop_with_conditions": ("(local $i i32) (loop (if (i32.and (local.get $i) (i32.const 1))"
                               " (then (local.set $i (i32.const 2)) (br 1)) (else (local.set $i"
                               " (i32.const 3)) (br 1))))",
                               "", []),
    "a_loop_of_fractions": ("(local $x f64) (loop (local.set $x (f64.sqrt (f64.add (local.get $x)"
                            " (f64.const 1))))"
                            " (br_if 0 (f64.ge (local.get $x) (f64.const 0))))", "", []),
    "a_loop_through_memory": (f"(local $i i32) (loop (i32.store (i32.and (local.get $i) (i32.const 0xfffc))"
                              " (local.get $i)) (local.set $i (i32.add (local.get $i) (i32.const 4)))"
                              " (br 0))",
                              "", []),
    "a_loop_of_calls": ("(loop (call $nothing) (br 0))", "(func $nothing)", []),
    "a_loop_of_indirect_calls": ("(loop (call_indirect (type $plain) (i32.const 0)) (br 0))",
                                 "(type $plain (func)) (func $nothing) (table 1 funcref) (elem"
                                 " (i32.const 0) $nothing)",
                                 []),
    "recursion_of_exponential_breadth": ("(drop (call $fibonacci (i32.const 90)))",
                                         "(func $fibonacci (param i32) (result i32)"
                                         " (if (result i32) (i32.lt_u (local.get 0) (i32.const 2)) (then"
                                         " (local.get 0))"
                                         " (else (i32.add (call $fibonacci (i32.sub (local.get 0)"
                                         " (i32.const 1)))"
                                         " (call $fibonacci (i32.sub (local.get 0) (i32.const 2)))))))", []),
    "mutual_recursion_of_exponential_breadth": (
        "(call $even (i32.const 200))",
        "(func $even (param i32) (if (local.get 0) (then (call $odd (i32.sub (local.get 0) (i32.const 1)))"
        " (call $odd (i32.sub (local.get 0) (i32.const 1))))))"
        "(func $odd (param i32) (if (local.get 0) (then (call $even (i32.sub (local.get 0) (i32.const 1)))"
        " (call $even (i32.sub (local.get 0) (i32.const 1))))))", []),
    "indirect_recursion_of_exponential_breadth": (
        "(call $deep (i32.const 200))",
        "(type $step (func (param i32))) (table 1 funcref) (elem (i32.const 0) $deep)"
        "(func $deep (type $step) (if (local.get 0) (then"
        " (call_indirect (type $step) (i32.sub (local.get 0) (i32.const 1)) (i32.const 0))"
        " (call_indirect (type $step) (i32.sub (local.get 0) (i32.const 1)) (i32.const 0)))))", []),
    "tail_recursion": ("(return_call $work)", "", TAIL),
    "mutual_tail_recursion": ("(return_call $other)", "(func $other (return_call $work))", TAIL),
    "tail_recursion_with_more_and_fewer_parameters": (
        "(return_call $many (i64.const 1) (i64.const 2) (i64.const 3) (i64.const 4) (i64.const 5)"
        " (i64.const 6)"
        " (i64.const 7) (i64.const 8) (i64.const 9))",
        "(func $many (param i64 i64 i64 i64 i64 i64 i64 i64 i64) (return_call $work))", TAIL),
    "indirect_tail_recursion": ("(return_call_indirect (type $plain) (i32.const 0))",
                                "(type $plain (func)) (table 1 funcref) (elem (i32.const 0) $work)", TAIL),
    "endless_fills": ("(loop (memory.fill (i32.const 4096) (i32.const 7) (i32.const 61440)) (br 0))", "",
                      BULK),
    "endless_copies": ("(loop (memory.copy (i32.const 4096) (i32.const 65536) (i32.const 61440)) (br 0))", "",
                       BULK),
    "endless_inits": ('(loop (memory.init $d (i32.const 4096) (i32.const 0) (i32.const 5)) (br 0))',
                      '(data $d "12345")',
                      BULK),
    "endless_table_copies": ("(loop (table.copy $t $t (i32.const 0) (i32.const 1) (i32.const 9999)) (br 0))",
                             "(table $t 10000 funcref)", BULK),
    "endless_table_fills": ("(loop (table.fill $t (i32.const 0) (ref.null func) (i32.const 10000)) (br 0))",
                            "(table $t 10000 funcref)", REFERENCES),
    "endless_growth_by_nothing": ("(loop (drop (memory.grow (i32.const 0))) (br 0))", "", []),
    "endless_growth_that_is_refused": ("(loop (drop (memory.grow (i32.const 65536))) (br 0))", "", []),
    "endless_growth_by_a_page": ("(loop (drop (memory.grow (i32.const 1))) (br 0))", "", []),
    "a_function_of_a_thousand_loops": (
        "".join("(loop $l{0} (br_if $l{0} (i32.eqz (i32.const {0}))))".format(i)
                for i in range(1, 1000)) + "(loop (br 0))", "", []),
    "a_loop_in_which_nothing_is_reached": ("(loop (br 0) (unreachable))", "", []),
    "a_chain_of_long_divisions": ("(local $i i64) (local.set $i (i64.const -1)) (loop (local.set $i (i64.or"
                                  " (i64.const -2)"
                                  " (i64.div_u (local.get $i) (i64.const 3)))) (br 0))", "", []),
}

# Those that are tried in every place where guest code runs, and not only in a call.
EVERYWHERE = ["an_empty_loop", "a_loop_of_indirect_calls", "recursion_of_exponential_breadth",
              "tail_recursion",
              "endless_fills", "endless_growth_by_a_page"]

HOST_SHAPES = {
    "a_loop_that_asks_for_lengths": "(loop (drop (call $host_response_len)) (br 0))",
    "a_loop_that_fetches_the_request": f"(loop {calling('guest_request', SCRATCH, SCRATCH)} (br 0))",
    "a_loop_that_responds": f"(loop {calling('guest_response', 0, 65536)} (br 0))",
    "a_loop_that_reports_errors": f"(loop {calling('guest_error', 0, 65536)} (br 0))",
    "a_loop_that_fetches_an_answer":
        f"(drop {ask('echo')}) (loop {calling('host_response', SCRATCH)} (br 0))",
    "a_loop_that_calls_itself_by_a_table": "(loop (drop (call_indirect (type $entry) (i32.const 0)"
                                           " (i32.const 0)"
                                           " (i32.const 0))) (br 0))",
}


def add(corpus):
    for name, (work, fields, features) in SHAPES.items():
        corpus.guest(name, guest("(call $work) (call $alive)", f"{fields} (func $work {work})"), runs_out(),
                     features=features)
    for start, label in STARTS.items():
        for name in EVERYWHERE:
            work, fields, features = SHAPES[name]
            corpus.guest(f"{name}_in_{label}", guest(fields=f"{fields} (func $work {work})", starts=[start]),
                         start={**fails("deadline_exceeded", mentions="the call's deadline passed"),
                                "timeout_ms": SHORT_MS},
                         features=features)
    for name, work in HOST_SHAPES.items():
        fields = ""
        if "$entry" in work:
            fields = ("(type $entry (func (param i32 i32) (result i32))) (table 1 funcref) (elem"
                      " (i32.const 0) $one)"
                      "(func $one (type $entry) (i32.const 1))")
        corpus.guest(name, guest(f"{work} unreachable", fields), runs_out())
    # A response given before does not save a guest that goes on for ever.
    corpus.guest("a_loop_after_the_answer", guest("(drop (call $alive)) (loop (br 0)) unreachable"),
                 runs_out())
    corpus.guest("a_loop_the_first_time_only", guest(
        "(if (i32.eqz (local.get $operation_length)) (then (loop (br 0)))) (call $alive)"),
        runs_out(), {**ALIVE, "operation": "x"}, runs_out(), {**ALIVE, "operation": "x"})
