"""Start functions that do what only a call should, or too much."""

from corpus import ALIVE, SHORT_MS, answers, fails
from text import ALIVE_AT, SCRATCH, STARTS, ask, called, calling, guest, responding

HOUR_MS = 3_600_000
TOO_MANY_LINES = "the guest logged more than 100 lines in one call"
NEITHER = fails("protocol_violation", "the guest gave neither response nor error")


def add(corpus):
    for start, label in STARTS.items():
        corpus.guest(f"a_response_given_in_{label}",
                     guest("(i32.const 1)", "(func $work (drop (call $alive)))", starts=[start]), NEITHER,
                     NEITHER)
        corpus.guest(f"a_request_fetched_in_{label}",
                     guest(f"(call $answer (i32.const {SCRATCH}) (i32.const 4))",
                           f"(func $work {calling('guest_request', SCRATCH, SCRATCH)})", starts=[start]),
                     {**answers("\0\0\0\0"), "operation": "op", "payload": "payload"})
        corpus.guest(f"a_call_of_guest_call_in_{label}",
                     guest(fields="(func $work (drop (call $guest_call (i32.const -1) (i32.const -1))))",
                           starts=[start]), ALIVE)
        corpus.guest(f"a_bad_pointer_in_{label}",
                     guest(fields=f"(func $work {calling('console_log', 0, 0xFFFFFFFF)})", starts=[start]),
                     start=fails("init_failed",
                                 mentions=[f"{called(start)}: __console_log: ",
                                           "outside the guest's memory"]))
        corpus.guest(f"a_handler_that_throws_in_{label}",
                     guest(fields=f"(func $work (drop {ask('throw')}))", starts=[start]), ALIVE)
        corpus.guest(f"a_host_call_on_the_guest_itself_in_{label}",
                     guest(responding(f"(i32.load (i32.const {SCRATCH + 64}))"),
                           f"(func $work (i32.store (i32.const {SCRATCH + 64}) {ask('again')}))",
                           starts=[start]),
                     answers([0]))
        corpus.guest(f"all_memory_taken_in_{label}",
                     guest(responding("(memory.size)", "(memory.grow (i32.const 1))"),
                           "(func $work (loop $more (br_if $more (i32.ne (memory.grow (i32.const 1))"
                           " (i32.const -1)))))",
                           starts=[start]), answers([64, 0xFFFFFFFF]), memory_pages=64)
        corpus.guest(f"a_name_of_more_than_64_kib_in_{label}",
                     guest(fields="(func $work (drop (call $host_call (i32.const 0) (i32.const 65537)"
                                  + " (i32.const 0)" * 6 + ")))", starts=[start]),
                     start=fails("limit_exceeded",
                                 mentions=[f"{called(start)}: ",
                                           "__host_call: a name of 65537 bytes; the limit is 65536"]))
        for code in [0, 1, 0xFFFFFFFF]:
            work = f"(func $work (call $proc_exit (i32.const {code})))"
            name = {0: "success", 1: "failure", 0xFFFFFFFF: "the_largest_code"}[code]
            module = guest(fields=work, wasi=["proc_exit"], starts=[start])
            if code == 0 and start != "section":
                corpus.guest(f"an_exit_with_{name}_in_{label}", module, ALIVE, ALIVE)
            elif code != 0:
                corpus.guest(f"an_exit_with_{name}_in_{label}", module,
                             start=fails("init_failed",
                                         f"{called(start)}: the guest exited with code {code}"))
    # Without an instance there is nothing that could go on.
    corpus.guest("an_exit_with_success_in_the_start_section",
                 guest(fields="(func $work (call $proc_exit (i32.const 0)))", wasi=["proc_exit"],
                       starts=["section"]),
                 start=fails("init_failed", "instantiate: the guest exited with code 0"))
    every = ["section", "_start", "_initialize", "wapc_init"]
    corpus.guest("all_four_start_functions_are_one",
                 guest(responding(f"(i32.load (i32.const {SCRATCH}))", at=SCRATCH + 8),
                       f"(func $work (i32.store (i32.const {SCRATCH})"
                       f" (i32.add (i32.load (i32.const {SCRATCH})) (i32.const 1))))", starts=every),
                 answers([4]))
    corpus.guest("guest_call_is_the_start_function_too",
                 guest("(call $work) (call $alive)", '(func $work (drop (memory.grow (i32.const 1))))',
                       starts=every),
                 ALIVE)
    add_restarts(corpus)


def add_restarts(corpus):
    """Guests that start once, fail, and do not start again: not tried again for a while."""
    def guest_that(restart, start, works):
        """One whose starts succeed if `works` is true of their number, from 1, and 2; else: `restart`."""
        return guest("(if (i32.eqz (local.get $operation_length)) (then unreachable)) (call $alive)",
                     f"(func $work (drop {ask('count')}) (call $host_response (i32.const {SCRATCH}))"
                     f" (if (i32.eqz ({works} (i32.load (i32.const {SCRATCH})) (i32.const 2)))"
                     f" (then {restart})))",
                     starts=[start])

    def called_again(outcome):
        return {**outcome, "operation": "x"}

    def kept_waiting(code, message):
        return called_again(fails(code, "not started again yet; the last time: " + message))

    lives = called_again(ALIVE)
    trap = fails("trapped", "unreachable executed")
    second_only, all_but_first = "i32.ne", "i32.lt_u"
    for start, label in STARTS.items():
        message = f"{called(start)}: unreachable executed"
        failing = called_again(fails("init_failed", message))
        corpus.guest(f"a_second_start_that_fails_in_{label}", guest_that("unreachable", start, second_only),
                     lives, trap, failing, *[kept_waiting("init_failed", message)] * 3,
                     restart_wait_ms=HOUR_MS)
        corpus.guest(f"a_second_start_that_fails_in_{label}_and_a_third_that_does_not",
                     guest_that("unreachable", start, second_only), lives, trap, failing, lives, trap, lives,
                     restart_wait_ms=0)
        late = f"{called(start)}: the call's deadline passed"
        late_start = called_again(fails("deadline_exceeded", late))
        corpus.guest(f"a_second_start_that_is_endless_in_{label}",
                     guest_that("(loop (br 0))", start, second_only),
                     lives, trap, late_start, *[kept_waiting("deadline_exceeded", late)] * 3,
                     restart_wait_ms=HOUR_MS, start_timeout_ms=500)
        # A caller with too little time has learnt nothing of the guest.
        corpus.guest(f"a_second_start_that_outlasts_its_caller_in_{label}",
                     guest_that("(loop (br 0))", start, second_only), lives, trap,
                     {**late_start, "timeout_ms": SHORT_MS}, lives, restart_wait_ms=HOUR_MS)
        corpus.guest(f"a_second_start_that_logs_too_much_in_{label}",
                     guest_that(f"(loop {calling('console_log', ALIVE_AT, 5)} (br 0))", start, second_only),
                     lives, trap, called_again(fails("limit_exceeded", f"{called(start)}: {TOO_MANY_LINES}")),
                     kept_waiting("limit_exceeded", f"{called(start)}: {TOO_MANY_LINES}"),
                     restart_wait_ms=HOUR_MS,
                     log_lines=100)
    message = "_start: unreachable executed"
    failing = called_again(fails("init_failed", message))
    corpus.guest("no_start_but_the_first_and_a_hundred_calls",
                 guest_that("unreachable", "_start", all_but_first),
                 lives, trap, failing, *[kept_waiting("init_failed", message)] * 100, restart_wait_ms=HOUR_MS)
    corpus.guest("no_start_but_the_first_and_a_hundred_tries",
                 guest_that("unreachable", "_start", all_but_first),
                 lives, trap, *[failing] * 100, restart_wait_ms=0)
