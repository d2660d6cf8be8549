"""What is well made, and only too much: of a module, or of one call."""

from corpus import answers, fails
from text import ALIVE_AT, AT, SCRATCH, STARTS, ask, calling, guest
import wasm_writer as w

TOO_MUCH = fails("limit_exceeded")


def add(corpus):
    add_modules(corpus)
    add_calls(corpus)


def add_modules(corpus):
    def refused(name, **parts):
        corpus.guest(name, w.guest(**parts), load=TOO_MUCH)

    plain = w.body(w.i32_const(1) + w.END)
    refused("more_functions_than_a_module_may_have", functions=w.functions(*[1] * 100_001),
            code=w.code(*[plain] * 100_001))
    constant = w.I32 + b"\0" + w.i32_const(0) + w.END
    refused("more_globals_than_a_module_may_have",
            globals=w.section(w.GLOBAL, w.vector([constant] * 100_001)))
    refused("more_data_than_a_module_may_have", data=w.section(w.DATA, w.vector([b"\1\0"] * 100_001)))
    refused("more_elements_than_a_module_may_have",
            elements=w.section(w.ELEMENT, w.vector([b"\1\0\0"] * 100_001)))
    corpus.guest("more_blocks_within_each_other_than_a_function_may_have",
                 w.guest_doing(b"\x02\x40" * 10_001 + w.END * 10_001), load=TOO_MUCH)
    corpus.guest("more_code_than_a_function_may_have", w.guest_doing(b"\x01" * (2 << 20)), load=TOO_MUCH)
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


def add_calls(corpus):
    large = '(memory (export "memory") 4096)'
    most = (128 << 20) + 1

    def ends(name, body, **more):
        corpus.guest(name, guest(body, memory=more.pop("memory", '(memory (export "memory") 2)'),
                                 wasi=more.pop("wasi", ())),
                     TOO_MUCH, **more)

    ends("a_response_larger_than_a_call_may_have", calling("answer", 0, most), memory=large)
    ends("a_payload_larger_than_a_host_call_may_have",
         "(drop " + calling("host_call", 0, 0, 0, 0, AT["echo"], 4, 0, most) + ") (call $alive)",
         memory=large)
    ends("more_host_calls_than_a_call_may_make", f"(loop (drop {ask('echo')}) (br 0)) unreachable")
    ends("more_host_calls_than_a_call_may_make_without_a_handler",
         f"(loop (drop {ask('echo')}) (br 0)) unreachable",
         handler=False)
    ends("more_lines_than_a_call_may_log", f"(loop {calling('console_log', ALIVE_AT, 5)} (br 0)) unreachable")
    ends("more_empty_lines_than_a_call_may_log", f"(loop {calling('console_log', 0, 0)} (br 0)) unreachable")
    ends("more_bytes_than_a_call_may_log", f"(loop {calling('console_log', 0, 65536)} (br 0)) unreachable")
    ends("more_bytes_than_a_call_may_log_that_nobody_reads",
         f"(loop {calling('console_log', 0, 65536)} (br 0)) unreachable", log=False)
    for start, label in STARTS.items():
        for name, work in [("lines", calling("console_log", ALIVE_AT, 5)),
                           ("host_calls", f"(drop {ask('echo')})")]:
            corpus.guest(f"more_{name}_than_there_may_be_in_{label}",
                         guest(fields=f"(func $work (loop {work} (br 0)))", starts=[start]), start=TOO_MUCH)
    corpus.guest("more_guests_within_each_other_than_a_thread_may_have",
                 guest(f"(drop {ask('another')}) (call $host_error (i32.const {SCRATCH}))"
                       f"(call $guest_error (i32.const {SCRATCH}) (call $host_error_len)) (i32.const 0)"),
                 fails("guest_error"))
