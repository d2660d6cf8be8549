"""What a guest kept before it failed: gone after what spends an instance, and there after what does not."""

from corpus import ALIVE, answers, fails, runs_out
from text import ALIVE_AT, MEMORY_BYTES, SCRATCH, ask, calling, guest, responding

# Empty operation: leave a mark and fail. Else: tell what is found.
FAILURES = {
    "a_trap": ("unreachable", fails("trapped", "unreachable executed"), []),
    "a_deadline": ("(loop (br 0))", runs_out(), []),
    "a_bad_pointer": (calling("guest_response", 0, 0xFFFFFFFF),
                      fails("protocol_violation", mentions="outside the guest's memory"), []),
    "a_limit": ("(drop " + calling("host_call", 0, 65537, 0, 0, 0, 0, 0, 0) + ")",
                fails("limit_exceeded", "__host_call: a name of 65537 bytes; the limit is 65536"), []),
    "an_exit": (calling("proc_exit", 0), fails("trapped", "the guest exited with code 0"), ["proc_exit"]),
    "a_denial": (f"(drop {ask('deny')})", fails("denied", "not for guests"), []),
    "an_exhausted_stack": ("(call $deep)", fails("trapped", "call stack exhausted"), []),
}

MARKS = {
    "memory": ("(i32.store (i32.const 4096) (i32.const 77))", "(i32.load (i32.const 4096))", 0, "", []),
    "a_global": ("(global.set $g (i32.const 77))", "(global.get $g)", 5,
                 "(global $g (mut i32) (i32.const 5))", []),
    "the_size_of_memory": ("(drop (memory.grow (i32.const 9)))", "(memory.size)", 2, "", []),
    "the_size_of_a_table": ("(drop (table.grow $t (ref.null func) (i32.const 9)))", "(table.size $t)", 1,
                            "(table $t 1 funcref)", ["reference-types"]),
    "dropped_data": ("(data.drop $d)", "(call $reads)", 5,
                     '(data $d "\\05\\00\\00\\00") (func $reads (result i32) (memory.init $d (i32.const 4096)'
                     " (i32.const 0) (i32.const 4)) (i32.load (i32.const 4096)))",
                     ["bulk-memory-operations"]),
    "texts_that_were_overwritten": ("(i32.store (i32.const 256) (i32.const 0))", "(i32.load (i32.const 256))",
                                    int.from_bytes(b"aliv", "little"), "", []),
}


def add(corpus):
    deep = "(func $deep (call $deep))"
    for failure, (fail, expected, wasi) in FAILURES.items():
        for what, (mark, look, found, fields, features) in MARKS.items():
            if failure != "a_trap" and what not in ["memory", "a_global"]:
                continue
            body = (f"(if (i32.eqz (local.get $operation_length)) (then {mark} {fail}))"
                    + responding(look, at=SCRATCH + 64))
            corpus.guest(f"{what}_after_{failure}", guest(body, fields + deep, wasi=wasi), expected,
                         {**answers([found]), "operation": "look"}, expected,
                         {**answers([found]), "operation": "look"},
                         features=features, ending_codes=["denied"])
    add_kept(corpus)
    add_locks(corpus)


def add_kept(corpus):
    """Failures that do not spend the instance."""
    count = f"(i32.store (i32.const {SCRATCH}) (i32.add (i32.load (i32.const {SCRATCH})) (i32.const 1)))"
    look = responding(f"(i32.load (i32.const {SCRATCH}))", at=SCRATCH + 64)
    for name, end, expected in [
            ("an_error", calling("guest_error", ALIVE_AT, 5) + "(return (i32.const 0))",
             fails("guest_error", "alive")),
            ("no_reason", "(return (i32.const 0))",
             fails("protocol_violation", "the guest failed and gave no reason")),
            ("no_answer", "(return (i32.const 1))",
             fails("protocol_violation", "the guest gave neither response nor error"))]:
        corpus.guest(f"memory_lasts_over_{name}",
                     guest(f"{count} (if (i32.eqz (local.get $operation_length)) (then {end})) {look}"),
                     expected, {**answers([2]), "operation": "look"}, expected,
                     {**answers([4]), "operation": "look"})


def add_locks(corpus):
    """Guests that trap while they hold a lock, as a panic within a mutex does: a host that went on with the
    instance would wait for ever."""
    lock = ("(loop $wait (br_if $wait (i32.load (i32.const 4096)))) (i32.store (i32.const 4096)"
            " (i32.const 1))")
    unlock = "(i32.store (i32.const 4096) (i32.const 0))"
    corpus.guest("a_trap_while_a_lock_is_held",
                 guest(f"{lock} (if (i32.eqz (local.get $operation_length)) (then unreachable)) {unlock}"
                       " (call $alive)"),
                 {**ALIVE, "operation": "x"}, fails("trapped", "unreachable executed"),
                 {**ALIVE, "operation": "x"},
                 fails("trapped", "unreachable executed"), {**ALIVE, "operation": "x"})
    corpus.guest("a_deadline_while_a_lock_is_held",
                 guest(f"{lock} (if (i32.eqz (local.get $operation_length)) (then (loop (br 0)))) {unlock}"
                       " (call $alive)"),
                 {**ALIVE, "operation": "x"}, runs_out(), {**ALIVE, "operation": "x"})
    corpus.guest("a_trap_with_an_answer_of_the_host_at_hand",
                 guest(f"(if (i32.eqz (local.get $operation_length)) (then (drop {ask('echo')}) unreachable))"
                       + responding("(call $host_response_len)")),
                 fails("trapped", "unreachable executed"), {**answers([0]), "operation": "x"})
    corpus.guest("a_hundred_failures_one_after_the_other",
                 guest("(drop (memory.grow (i32.const 100))) unreachable"),
                 *[fails("trapped", "unreachable executed")] * 100)
