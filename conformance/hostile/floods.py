"""Floods: lines of the log, host calls, errors, and output that is never a whole line."""

from corpus import ALIVE, answers, fails, runs_out
from text import ALIVE_AT, AT, SCRATCH, ask, calling, guest

TIMES = ("(local $i i32) (loop {} (br_if 0 (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1)))"
         " (i32.const {}))))")

VECTOR = "(i32.store (i32.const 4096) (i32.const {})) (i32.store (i32.const 4100) (i32.const {}))"

MEGABYTE = 1 << 20
TOO_MANY_BYTES = f"the guest logged more than {MEGABYTE} bytes in one call"
TOO_MANY_LINES = "the guest logged more than 100 lines in one call"
TOO_MANY_HOST_CALLS = fails("limit_exceeded", "the guest made more than 1000 host calls in one call")


def add(corpus):
    def endless(name, work, **more):
        corpus.guest(name, guest(f"(loop {work} (br 0)) unreachable", wasi=more.pop("wasi", ())), runs_out(),
                     **more)

    for what, operation in [("fail", "error"), ("throw", "throw"), ("are_of_the_guest_itself", "again")]:
        corpus.guest(f"host_calls_without_end_that_{what}",
                     guest(f"(loop (drop {ask(operation)}) (br 0)) unreachable"),
                     TOO_MANY_HOST_CALLS, host_calls=1000)
    endless("host_calls_without_end_for_a_megabyte_each", f"(drop {ask('megabyte')})")
    endless("host_calls_without_end_with_64_kib",
            "(drop " + calling("host_call", 0, 0, 0, 0, AT["echo"], 4, 0, 65536) + ")")
    endless("host_calls_without_end_with_long_names",
            "(drop " + calling("host_call", *[0, 65536] * 3, 0, 0) + ")")
    endless("guests_without_end",
            f"(if (i32.eqz (local.get $operation_length)) (then (drop {ask('another')})))")
    endless("errors_without_end", calling("guest_error", 0, 65536))
    corpus.guest("a_hundred_thousand_lines", guest(
        TIMES.format(calling("console_log", ALIVE_AT, 5), 100_000) + "(call $alive)"),
                 {**ALIVE, "lines": 100_000})
    corpus.guest("a_hundred_thousand_host_calls", guest(
        TIMES.format(f"(drop {ask('count')})", 100_000) + calling("host_response", SCRATCH)
        + calling("answer", SCRATCH, 4)), answers([100_000]))
    write = "(drop " + calling("fd_write", 1, 4096, 1, 4104) + ")"
    corpus.guest("a_line_that_is_given_byte_by_byte", guest(
        TIMES.format(VECTOR.format(ALIVE_AT, 1) + write, 100_000) + "(call $alive)", wasi=["fd_write"]),
                 {**ALIVE, "lines": 2})
    for function, call in [("random_get", calling("random_get", SCRATCH, 65536)),
                           ("clock_time_get", calling("clock_time_get", 0, "(i64.const 1)", SCRATCH)),
                           ("sched_yield", "(call $sched_yield)"),
                           ("fd_fdstat_get", calling("fd_fdstat_get", 1, SCRATCH))]:
        endless(f"{function}_without_end", f"(drop {call})", wasi=[function])
    add_lines(corpus)


def add_lines(corpus):
    """Lines beyond what a call may log, given in ways other than those of limits.py."""
    corpus.guest("lines_without_end_that_are_not_utf8",
                 guest("(memory.fill (i32.const 4096) (i32.const 0x80) (i32.const 65536))"
                       f"(loop {calling('console_log', 4096, 65536)} (br 0)) unreachable"),
                 fails("limit_exceeded", TOO_MANY_BYTES), features=["bulk-memory-operations"],
                 log_bytes=MEGABYTE)

    def prints(name, byte, count, message, fd=1, **setup):
        corpus.guest(name, guest(f"(memory.fill (i32.const 8192) (i32.const {byte}) (i32.const 65536))"
                                 + VECTOR.format(8192, count)
                                 + f"(loop (drop {calling('fd_write', fd, 4096, 1, 4104)})"
                                 " (br 0)) unreachable", wasi=["fd_write"]),
                     *[fails("limit_exceeded", message)] * 2, features=["bulk-memory-operations"], **setup)

    for fd, stream in [(1, "output"), (2, "errors")]:
        prints(f"{stream}_without_end_and_without_lines", 0x78, 50, TOO_MANY_BYTES, fd=fd, log_bytes=MEGABYTE)
        prints(f"{stream}_without_end_of_64_kib_each", 0x78, 65536, TOO_MANY_BYTES, fd=fd, log_bytes=MEGABYTE)
        prints(f"{stream}_without_end_in_empty_lines", 10, 3000, TOO_MANY_LINES, fd=fd, log_lines=100)
    prints("output_without_end_that_is_not_utf8", 0x80, 50, TOO_MANY_BYTES, log_bytes=MEGABYTE)
    prints("output_without_end_that_nobody_reads", 0x78, 50, TOO_MANY_BYTES, log_bytes=MEGABYTE, log=False)
