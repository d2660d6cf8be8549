"""Each of the nine imports of waPC, and AssemblyScript's abort, called as no SDK would."""

from corpus import ALIVE, answers, fails, of_size
from text import ALIVE_AT, AT, MEMORY_BYTES, SCRATCH, WAPC, ask, calling, guest, responding

MOST = 0xFFFFFFFF
OUTSIDE = "outside the guest's memory"
VIOLATION = "protocol_violation"


def add(corpus):
    add_pointers(corpus)
    add_amounts(corpus)
    add_handlers(corpus)
    add_endings(corpus)
    add_aborts(corpus)


def add_pointers(corpus):
    def violates(name, function, *arguments, before="", drop="", **more):
        corpus.guest(name, guest(f"{before} {drop and '(drop '}{calling(function, *arguments)}{drop and ')'}"
                                 " (call $alive)"),
                     {**fails(VIOLATION, mentions=[f"__{function}: ", OUTSIDE]), "operation": "op",
                      "payload": "payload",
                      **more})

    for function in ["guest_response", "guest_error", "console_log"]:
        violates(f"{function}_of_4_gib", function, 0, MOST)
        violates(f"{function}_at_the_last_address", function, MOST, 1)
        violates(f"{function}_that_wraps_around", function, MOST, 2)
        violates(f"{function}_one_byte_too_long", function, 1, MEMORY_BYTES)
        violates(f"{function}_of_half_the_addresses", function, 0x80000000, 0x80000000)
    violates("guest_request_at_the_last_address", "guest_request", MOST, MOST)
    violates("guest_request_with_a_payload_past_the_end", "guest_request", SCRATCH, MEMORY_BYTES - 6)
    violates("guest_request_with_an_operation_past_the_end", "guest_request", MEMORY_BYTES - 1, SCRATCH)
    drop_echo = f"(drop {ask('echo')})"
    violates("host_response_past_the_end", "host_response", MEMORY_BYTES - 4, before=drop_echo)
    violates("host_response_at_the_last_address", "host_response", MOST, before=drop_echo)
    violates("host_error_past_the_end", "host_error", MEMORY_BYTES, before=f"(drop {ask('error')})")
    parts = ["binding", "namespace", "operation", "payload"]
    for i, part in enumerate(parts):
        for what, pointer, length in [("past_the_end", MEMORY_BYTES, 1), ("of_4_gib", 1, MOST)]:
            arguments = [ALIVE_AT, 5] * 4
            arguments[2 * i:2 * i + 2] = [pointer, length]
            violates(f"host_call_with_a_{part}_{what}", "host_call", *arguments, drop="yes")
    violates("host_call_of_nothing_but_ones", "host_call", *[MOST] * 8, drop="yes")
    corpus.guest("no_bytes_at_the_last_address", guest(
        calling("guest_error", MOST, 0) + calling("console_log", MOST, 0)
        + "(call $host_response (i32.const -1))"
        "(call $host_error (i32.const -1)) (drop " + calling("host_call", *[MOST, 0] * 4) + ")"
        + calling("answer", MOST, 0)), answers(""))
    corpus.guest("an_answer_fetched_before_there_is_one", guest(
        calling("host_response", MOST) + calling("host_error", MOST)
        + responding("(call $host_response_len)", "(call $host_error_len)")), answers([0, 0]))
    corpus.guest("operation_and_payload_over_each_other", guest(
        calling("guest_request", SCRATCH, SCRATCH) + calling("answer", SCRATCH, 4)),
        {**answers("play"), "operation": "op", "payload": "play"})
    corpus.guest("a_request_over_the_texts_of_the_guest", guest(
        calling("guest_request", ALIVE_AT, ALIVE_AT + 2) + "(call $alive)"),
        {**answers("opayl"), "operation": "op", "payload": "ayl"})
    corpus.guest("a_request_fetched_ten_thousand_times", guest(
        "(local $i i32) (loop (call $guest_request (i32.const 4096) (i32.const 8192))"
        " (br_if 0 (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 10000))))"
        " (call $answer (i32.const 8192) (i32.const 3))"), {**answers("pay"), "payload": "pay"})
    no_memory = ('(module (import "wapc" "__guest_response" (func $r (param i32 i32))) (memory'
                 ' (export "memory") 0)'
                 ' (func (export "__guest_call") (param i32 i32) (result i32)'
                 " (call $r (i32.const 0) (i32.const {})) (i32.const 1)))")
    corpus.guest("a_response_from_a_memory_without_pages", no_memory.format(1),
                 fails(VIOLATION, "__guest_response: 1 bytes at 0 are outside the guest's memory of 0 bytes"))
    corpus.guest("an_empty_response_from_a_memory_without_pages", no_memory.format(0), answers(""))
    corpus.guest("a_request_into_a_memory_without_pages",
                 '(module (import "wapc" "__guest_request" (func $r (param i32 i32))) (memory'
                 ' (export "memory") 0)'
                 ' (func (export "__guest_call") (param i32 i32) (result i32)'
                 " (call $r (i32.const 0) (i32.const 0)) (i32.const 1)))",
                 {**fails(VIOLATION, mentions=["__guest_request: ", OUTSIDE]), "operation": "op"})


def add_amounts(corpus):
    sixteen = '(memory (export "memory") 256)'
    whole = 256 * 65536
    corpus.guest("a_response_of_the_whole_memory", guest(calling("answer", 0, whole), memory=sixteen),
                 of_size(whole))
    corpus.guest("an_error_of_the_whole_memory",
                 guest(calling("guest_error", 0, whole) + "(i32.const 0)", memory=sixteen),
                 {**fails("guest_error"), "message_size": 1 << 20})
    corpus.guest("a_line_of_the_log_of_the_whole_memory",
                 guest(calling("console_log", 0, whole) + "(call $alive)", memory=sixteen), ALIVE)
    corpus.guest("an_error_of_a_megabyte_that_is_not_utf8",
                 guest("(memory.fill (i32.const 4096) (i32.const 0xff) (i32.const 1048576))"
                       + calling("guest_error", 4096, 1 << 20) + "(i32.const 0)", memory=sixteen),
                 {**fails("guest_error"), "message_size": 3 << 20}, features=["bulk-memory-operations"])
    name = (64 << 10) + 1
    for i, part in enumerate(["binding", "namespace", "operation"]):
        arguments = [ALIVE_AT, 5] * 4
        arguments[2 * i:2 * i + 2] = [SCRATCH, name]
        corpus.guest(f"host_call_with_a_{part}_of_more_than_64_kib",
                     guest("(drop " + calling("host_call", *arguments) + ") (call $alive)"),
                     fails("limit_exceeded", "__host_call: a name of 65537 bytes; the limit is 65536"))
    corpus.guest("host_call_with_the_whole_memory_for_a_payload",
                 guest(responding(calling("host_call", ALIVE_AT, 5, ALIVE_AT, 5, AT["echo"], 4, 0, whole),
                                  "(call $host_response_len)"), memory=sixteen), answers([1, whole]))
    corpus.guest("host_call_with_names_that_are_not_utf8",
                 guest("(i64.store (i32.const 4096) (i64.const -1))"
                       + responding(calling("host_call", *[4096, 8] * 4))), answers([1]))
    corpus.guest("a_host_answer_larger_than_the_memory", guest(
        f"(drop {ask('megabyte')}) (call $host_response (i32.const 0)) (call $alive)"),
        fails(VIOLATION, "__host_response: 1048576 bytes at 0 are outside the guest's memory of"
              f" {MEMORY_BYTES} bytes"))


def add_handlers(corpus):
    error = (f"(call $host_error (i32.const {SCRATCH}))"
             f" (call $guest_error (i32.const {SCRATCH}) (call $host_error_len)) (i32.const 0)")
    corpus.guest("a_host_call_without_a_handler", guest(f"(drop {ask('echo')}) {error}"),
                 fails("guest_error", "Missing host callback function!"), handler=False)
    corpus.guest("a_handler_that_throws", guest(f"(drop {ask('throw')}) {error}"),
                 fails("guest_error", "the handler threw on purpose"))
    corpus.guest("a_handler_that_calls_the_same_guest", guest(f"(drop {ask('again')}) {error}"),
                 fails("guest_error", "the guest is answering a call already"))
    corpus.guest("the_answer_of_a_call_that_failed", guest(
        f"(drop {ask('echo')}) (drop {ask('error')})"
        + responding("(call $host_response_len)", "(call $host_error_len)")),
        answers([0, 5]))
    corpus.guest("the_error_of_a_call_that_was_answered", guest(
        f"(drop {ask('error')}) (drop {ask('echo')})"
        + responding("(call $host_response_len)", "(call $host_error_len)")),
        answers([5, 0]))
    corpus.guest("an_answer_into_memory_that_has_grown", guest(
        f"(drop {ask('echo')}) (drop (memory.grow (i32.const 1))) (call $host_response"
        f" (i32.const {MEMORY_BYTES}))"
        f"(call $answer (i32.const {MEMORY_BYTES}) (i32.const 5))"), ALIVE)


def add_endings(corpus):
    reason = fails(VIOLATION, "the guest failed and gave no reason")
    neither = fails(VIOLATION, "the guest gave neither response nor error")
    corpus.guest("no_reason_given", guest("(i32.const 0)"), reason, reason)
    corpus.guest("neither_response_nor_error", guest("(i32.const 1)"), neither, neither)
    corpus.guest("a_response_and_then_failure", guest("(drop (call $alive)) (i32.const 0)"), reason)
    corpus.guest("an_error_and_then_success", guest(calling("guest_error", ALIVE_AT, 5) + "(i32.const 1)"),
                 fails("guest_error", "alive"))
    corpus.guest("success_with_the_lowest_number", guest("(drop (call $alive)) (i32.const 0x80000000)"),
                 ALIVE)
    corpus.guest("an_answer_only_the_first_time", guest(
        f"(i32.store (i32.const {SCRATCH}) (i32.add (i32.load (i32.const {SCRATCH})) (i32.const 1)))"
        f"(if (result i32) (i32.eq (i32.load (i32.const {SCRATCH})) (i32.const 1))"
        " (then (call $alive)) (else (i32.const 1)))"), ALIVE, neither)
    corpus.guest("a_host_answer_fetched_in_the_next_call", guest(
        f"(i32.store (i32.const {SCRATCH}) (i32.add (i32.load (i32.const {SCRATCH})) (i32.const 1)))"
        f"(if (i32.eq (i32.load (i32.const {SCRATCH})) (i32.const 1)) (then (drop {ask('echo')})))"
        + responding("(call $host_response_len)", at=SCRATCH + 8)), answers([5]), answers([0]))


def add_aborts(corpus):
    imports = '(import "env" "abort" (func $abort (param i32 i32 i32 i32)))'
    stores = "(i32.store (i32.const {}) (i32.const {}))"

    def aborts(name, message, file, expected, before=""):
        corpus.guest(name, guest(before + calling("abort", message, file, 1, MOST) + "(call $alive)",
                                 imports=imports),
                     expected)

    outside = fails(VIOLATION, mentions=OUTSIDE)
    aborts("an_abort_without_texts", 0, 0, fails("trapped", "the guest aborted"))
    aborts("an_abort_with_a_text_below_its_length", 1, 0, outside)
    aborts("an_abort_with_a_text_at_the_last_address", MOST, 0, outside)
    aborts("an_abort_with_a_file_at_the_last_address", 0, MOST, outside)
    aborts("an_abort_with_a_text_of_4_gib", SCRATCH, 0, outside, stores.format(SCRATCH - 4, MOST))
    aborts("an_abort_with_a_text_one_byte_too_long", SCRATCH, 0, outside,
           stores.format(SCRATCH - 4, MEMORY_BYTES - SCRATCH + 2))
    aborts("an_abort_with_half_a_character", SCRATCH, 0, fails("trapped", mentions="the guest aborted: "),
           stores.format(SCRATCH - 4, 5) + stores.format(SCRATCH, 0x00410041)
           + stores.format(SCRATCH + 4, 0x41))
    aborts("an_abort_with_lone_surrogates", SCRATCH, 0, fails("trapped", "the guest aborted: \ufffd\ufffd"),
           stores.format(SCRATCH - 4, 4) + stores.format(SCRATCH, 0xD800DC00 - (1 << 32)))
    aborts("an_abort_with_a_text_of_the_whole_memory", SCRATCH, 0,
           fails("trapped", mentions="the guest aborted: "),
           stores.format(SCRATCH - 4, MEMORY_BYTES - SCRATCH))
    corpus.guest("an_abort_in_a_start_function",
                 guest(imports=imports,
                       fields="(func $work (call $abort (i32.const 0) (i32.const 0) (i32.const 0)"
                                               " (i32.const 0)))", starts=["_start"]),
                 start=fails("init_failed", "_start: the guest aborted"))
