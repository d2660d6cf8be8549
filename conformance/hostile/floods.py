"""Floods: lines of the log, host calls, errors, and output that is never a whole line."""

from corpus import ALIVE, answers, fails, runs_out
from text import ALIVE_AT, AT, SCRATCH, STARTS, ask, calling, guest, responding

TIMES = ("(local $i i32) (loop {} (br_if 0 (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1)))"
         " (i32.const {}))))")


UNTIL = {"until": "limits"}  # Then it is not the deadline that ends them: see limits.py.


def add(corpus):
    def endless(name, work, **more):
        corpus.guest(name, guest(f"(loop {work} (br 0)) unreachable", wasi=more.pop("wasi", ())), runs_out(), **more)

    endless("empty_lines_without_end", calling("console_log", 0, 0), **UNTIL)
    endless("lines_without_end", calling("console_log", ALIVE_AT, 5), **UNTIL)
    endless("lines_of_64_kib_without_end", calling("console_log", 0, 65536), **UNTIL)
    endless("lines_without_end_that_nobody_reads", calling("console_log", 0, 65536), log=False, **UNTIL)
    corpus.guest("lines_without_end_that_are_not_utf8", guest(
        "(memory.fill (i32.const 4096) (i32.const 0x80) (i32.const 65536))"
        f"(loop {calling('console_log', 4096, 65536)} (br 0)) unreachable"), runs_out(), features=["bulk-memory-operations"], **UNTIL)
    endless("host_calls_without_end", f"(drop {ask('echo')})", **UNTIL)
    endless("host_calls_without_end_that_fail", f"(drop {ask('error')})", **UNTIL)
    endless("host_calls_without_end_that_throw", f"(drop {ask('throw')})", **UNTIL)
    endless("host_calls_without_end_and_without_a_handler", f"(drop {ask('echo')})", handler=False, **UNTIL)
    endless("host_calls_without_end_on_the_guest_itself", f"(drop {ask('again')})", **UNTIL)
    endless("host_calls_without_end_for_a_megabyte_each", f"(drop {ask('megabyte')})")
    endless("host_calls_without_end_with_64_kib",
            "(drop " + calling("host_call", 0, 0, 0, 0, AT["echo"], 4, 0, 65536) + ")", **UNTIL)
    endless("host_calls_without_end_with_long_names",
            "(drop " + calling("host_call", *[0, 65536] * 3, 0, 0) + ")", **UNTIL)
    endless("guests_without_end", f"(if (i32.eqz (local.get $operation_length)) (then (drop {ask('another')})))")
    endless("errors_without_end", calling("guest_error", 0, 65536))
    corpus.guest("a_hundred_thousand_lines", guest(
        TIMES.format(calling("console_log", ALIVE_AT, 5), 100_000) + "(call $alive)"), {**ALIVE, "lines": 100_000})
    corpus.guest("a_hundred_thousand_host_calls", guest(
        TIMES.format(f"(drop {ask('count')})", 100_000) + calling("host_response", SCRATCH)
        + calling("answer", SCRATCH, 4)), answers([100_000]))
    vector = "(i32.store (i32.const 4096) (i32.const 256)) (i32.store (i32.const 4100) (i32.const {}))"
    write = "(drop " + calling("fd_write", 1, 4096, 1, 4104) + ")"
    corpus.guest("output_without_end_and_without_lines",
                 guest(vector.format(5) + f"(loop {write} (br 0)) unreachable", wasi=["fd_write"]), runs_out(), **UNTIL)
    corpus.guest("output_without_end_of_64_kib_each",
                 guest(vector.format(65536) + f"(loop {write} (br 0)) unreachable", wasi=["fd_write"]), runs_out(), **UNTIL)
    corpus.guest("output_without_end_in_empty_lines",
                 guest("(memory.fill (i32.const 256) (i32.const 10) (i32.const 3000))" + vector.format(3000)
                       + f"(loop {write} (br 0)) unreachable", wasi=["fd_write"]), runs_out(), features=["bulk-memory-operations"],
                 **UNTIL)
    corpus.guest("a_line_that_is_given_byte_by_byte", guest(
        TIMES.format(vector.format(1) + write, 100_000) + "(call $alive)", wasi=["fd_write"]), {**ALIVE, "lines": 2})
    for function, call in [("random_get", calling("random_get", SCRATCH, 65536)),
                           ("clock_time_get", calling("clock_time_get", 0, "(i64.const 1)", SCRATCH)),
                           ("sched_yield", "(call $sched_yield)"),
                           ("fd_fdstat_get", calling("fd_fdstat_get", 1, SCRATCH))]:
        endless(f"{function}_without_end", f"(drop {call})", wasi=[function])
    for start, label in STARTS.items():
        for name, work in [("lines", calling("console_log", ALIVE_AT, 5)), ("host_calls", f"(drop {ask('echo')})")]:
            corpus.guest(f"{name}_without_end_in_{label}",
                         guest(fields=f"(func $work (loop {work} (br 0)))", starts=[start]),
                         start={**fails("deadline_exceeded", mentions="the call's deadline passed"), "timeout_ms": 50},
                         **UNTIL)
