"""What is well made, and only too much: of a module, or of one call."""

from corpus import ALIVE, answers, fails
from text import ALIVE_AT, AT, SCRATCH, STARTS, ask, called, calling, guest
import wasm_writer as w


def exceeds(message):
    return fails("limit_exceeded", message)


def of_module(what, limit):
    return exceeds(f"the module has more {what} than the limit of {limit}")


def add(corpus):
    add_modules(corpus)
    add_calls(corpus)


def add_modules(corpus):
    def refused(name, what, **parts):
        corpus.guest(name, w.guest(**parts), load=of_module(what, 100_000))

    plain = w.body(w.i32_const(1) + w.END)
    refused("more_functions_than_a_module_may_have", "functions", functions=w.functions(*[1] * 100_001),
            code=w.code(*[plain] * 100_001))
    constant = w.I32 + b"\0" + w.i32_const(0) + w.END
    refused("more_globals_than_a_module_may_have", "globals",
            globals=w.section(w.GLOBAL, w.vector([constant] * 100_001)))
    refused("more_data_than_a_module_may_have", "data segments",
            data=w.section(w.DATA, w.vector([b"\1\0"] * 100_001)))
    refused("more_elements_than_a_module_may_have", "element segments",
            elements=w.section(w.ELEMENT, w.vector([b"\1\0\0"] * 100_001)))
    corpus.guest("more_blocks_within_each_other_than_a_function_may_have",
                 w.guest_doing(b"\x02\x40" * 10_001 + w.END * 10_001),
                 load=of_module("blocks nested in one function", 10_000))
    corpus.guest("more_code_than_a_function_may_have", w.guest_doing(b"\x01" * (2 << 20)),
                 load=of_module("bytes of code in one function", 2 << 20))
    add_files(corpus)


def add_files(corpus):
    """Files of more bytes than a module may have, which then does not matter what they are."""
    largest = len(w.guest())
    corpus.guest("a_file_as_large_as_a_module_may_be", w.guest(), answers("ok"), module_bytes=largest)
    for name, module in {
            "a_file_larger_than_a_module_may_be": w.guest(after=w.section(w.CUSTOM, w.name("x"))),
            "a_file_larger_than_a_module_may_be_that_is_none": b"\0" * (largest + 1),
            "a_file_larger_than_a_module_may_be_that_is_cut_off":
                w.guest(after=w.section(w.CUSTOM, w.name("x"), 1000)),
            "a_file_larger_than_a_module_may_be_with_bytes_to_spare": w.guest() + b"\0"}.items():
        corpus.guest(name, module, module_bytes=largest, load=fails(
            "limit_exceeded", f"the module is of {len(module)} bytes; the limit is {largest}"))


HOST_CALLS = "the guest made more than {} host calls in one call"
LINES = "the guest logged more than {} lines in one call"
BYTES = f"the guest logged more than {16 << 20} bytes in one call"


def add_calls(corpus):
    limit = 128 << 20
    large = '(memory (export "memory") 4096)'
    too_long = f"of {limit + 1} bytes; the limit is {limit}"
    corpus.guest("a_response_larger_than_a_call_may_have",
                 guest(calling("answer", 0, limit + 1), memory=large),
                 exceeds(f"__guest_response: a response {too_long}"))
    payload = calling("host_call", 0, 0, 0, 0, AT["echo"], 4, 0, limit + 1)
    corpus.guest("a_payload_larger_than_a_host_call_may_have",
                 guest(f"(drop {payload}) (call $alive)", memory=large),
                 exceeds(f"__host_call: a payload {too_long}"))

    def endless(name, work, message, **setup):
        corpus.guest(name, guest(f"(loop {work} (br 0)) unreachable"), exceeds(message), **setup)

    host_call, line = f"(drop {ask('echo')})", calling("console_log", ALIVE_AT, 5)
    endless("more_host_calls_than_a_call_may_make", host_call, HOST_CALLS.format(1_000_000))
    endless("more_host_calls_than_a_call_may_make_without_a_handler", host_call, HOST_CALLS.format(1000),
            handler=False, host_calls=1000)
    endless("more_lines_than_a_call_may_log", line, LINES.format(100_000))
    endless("more_empty_lines_than_a_call_may_log", calling("console_log", 0, 0), LINES.format(100_000))
    endless("more_bytes_than_a_call_may_log", calling("console_log", 0, 65536), BYTES)
    endless("more_bytes_than_a_call_may_log_that_nobody_reads", calling("console_log", 0, 65536), BYTES,
            log=False)
    for start, label in STARTS.items():
        for name, work, message in [("lines", line, LINES), ("host_calls", host_call, HOST_CALLS)]:
            corpus.guest(f"more_{name}_than_there_may_be_in_{label}",
                         guest(fields=f"(func $work (loop {work} (br 0)))", starts=[start]),
                         start=exceeds(f"{called(start)}: {message.format(1000)}"), host_calls=1000,
                         log_lines=1000)
    # The start functions of an instance together are one call, and no other call adds to it.
    forty = ("(local $i i32) (loop {} (br_if 0 (i32.lt_u (local.tee $i (i32.add (local.get $i)"
             " (i32.const 1))) (i32.const 40))))")
    for name, work, message in [("lines", line, LINES), ("host_calls", host_call, HOST_CALLS)]:
        corpus.guest(f"a_part_of_all_{name}_in_each_start_function",
                     guest(fields=f"(func $work {forty.format(work)})", starts=STARTS),
                     start=exceeds(f"_initialize: {message.format(100)}"), host_calls=100, log_lines=100)
        corpus.guest(f"a_part_of_all_{name}_in_a_start_function_and_each_call",
                     guest("(call $work) (call $work) (call $alive)", f"(func $work {forty.format(work)})",
                           starts=["_start"]), *[ALIVE] * 4, host_calls=100, log_lines=100)
    # Each tells the one before why it failed.
    corpus.guest("more_guests_within_each_other_than_a_thread_may_have",
                 guest(f"(drop {ask('another')}) (call $host_error (i32.const {SCRATCH}))"
                       f" (call $guest_error (i32.const {SCRATCH}) (call $host_error_len)) (i32.const 0)"),
                 fails("guest_error", "more than 16 guests at work on one thread, each called by the handler"
                                      " of the one before"))
