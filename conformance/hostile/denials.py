"""What a program forbids: guests that ask for it, where a denial is to end their call."""

from corpus import ALIVE, answers, fails
from text import ALIVE_AT, SCRATCH, STARTS, ask, called, calling, guest, responding
import wasm_writer as w

DENIED = fails("denied", "not for guests")
STRICT = {"ending_codes": ["denied"]}


def catching_all():
    """A guest that catches all exceptions of a host call; wat2wasm knows only how that was once written."""
    ask_deny = b"".join(w.i32_const(number) for number in [8, 4] * 4) + w.call(1) + b"\x1a"
    catch_all = b"\x1f\x40\1\2\0"  # A try_table whose branch for everything ends the block around it.
    return w.guest(
        types=w.types(w.function_type([w.I32] * 2), w.function_type([w.I32] * 2, [w.I32]),
                      w.function_type([w.I32] * 8, [w.I32])),
        imports=w.imports(w.import_function("wapc", "__guest_response", 0),
                          w.import_function("wapc", "__host_call", 2)),
        exports=w.exports(w.export("__guest_call", 0, 2), w.export("memory", 2, 0)),
        code=w.code(w.body(b"\x02\x40" + catch_all + ask_deny + w.END * 2 + w.Parts.respond() + w.END)),
        data=w.section(w.DATA, w.vector([b"\0" + w.i32_const(0) + w.END + w.name("ok" + "\0" * 6 + "deny")])))


def add(corpus):
    told = (f"(call $host_error (i32.const {SCRATCH}))"
            f" (call $guest_error (i32.const {SCRATCH}) (call $host_error_len)) (i32.const 0)")
    denied = f"(drop {ask('deny')})"
    corpus.guest("a_denial", guest(f"{denied} (call $alive)"), DENIED, DENIED, **STRICT)
    corpus.guest("a_denial_that_ends_nothing", guest(f"{denied} {told}"),
                 *[fails("guest_error", "not for guests")] * 2)
    corpus.guest("an_error_beside_a_denial", guest(f"(drop {ask('error')}) {told}"),
                 *[fails("guest_error", "alive")] * 2, **STRICT)
    corpus.guest("a_denial_again_and_again", guest(f"(loop {denied} (br 0)) unreachable"), DENIED, DENIED,
                 **STRICT)
    corpus.guest("a_denial_after_a_response", guest(f"(drop (call $alive)) {denied} (call $alive)"), DENIED,
                 **STRICT)
    corpus.guest("a_denial_after_an_error",
                 guest(f"{calling('guest_error', ALIVE_AT, 5)} {denied} (i32.const 0)"), DENIED, **STRICT)
    corpus.guest("a_denial_from_a_hundred_calls_deep",
                 guest("(call $deep (i32.const 100)) (call $alive)",
                       f"(func $deep (param i32) (if (i32.eqz (local.get 0)) (then {denied}))"
                       " (call $deep (i32.sub (local.get 0) (i32.const 1))))"), DENIED, **STRICT)
    corpus.guest("a_denial_through_a_table",
                 guest("(call_indirect (i32.const 0)) (call $alive)",
                       f"(table 1 funcref) (elem (i32.const 0) $ask) (func $ask {denied})"), DENIED, **STRICT)
    corpus.guest("a_denial_that_is_caught", catching_all(), DENIED, DENIED, features=["exception-handling"],
                 **STRICT)
    # Empty operation: ask another guest, which is called with an operation, and denied.
    corpus.guest("a_denial_of_a_guest_that_the_handler_calls",
                 guest(f"(if (local.get $operation_length) (then {denied}) (else (drop {ask('another')})))"
                       " (call $alive)"), DENIED, DENIED, {**DENIED, "operation": "x"}, **STRICT)
    corpus.guest("what_came_before_a_denial",
                 guest(f"(if (i32.eqz (local.get $operation_length)) (then (drop {ask('echo')}) {denied}))"
                       + responding("(call $host_response_len)", "(call $host_error_len)")),
                 DENIED, {**answers([0, 0]), "operation": "look"}, **STRICT)
    for start, label in STARTS.items():
        module = guest(fields=f"(func $work {denied})", starts=[start])
        corpus.guest(f"a_denial_in_{label}", module,
                     start=fails("denied", f"{called(start)}: not for guests"), **STRICT)
        corpus.guest(f"a_denial_that_ends_nothing_in_{label}", module, ALIVE)
