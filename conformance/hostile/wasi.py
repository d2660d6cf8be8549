"""WASI, called with what no library would pass: whatever it is, the guest gets a number at worst.

The guest has one directory, `/`, which is descriptor 3, is read and written, and holds the file "alive" and a
link "out" that leads out of it.
"""

from corpus import ALIVE, answers, fails, runs_out
from text import ALIVE_AT, MEMORY_BYTES, SCRATCH, STARTS, calling, called, guest, long, responding

MOST = 0xFFFFFFFF
SUCCESS, BADF, BUSY, DQUOT, EXIST, FAULT, FBIG, ILSEQ, INVAL = 0, 8, 10, 19, 20, 21, 22, 25, 28
ISDIR, LOOP, MFILE, NAMETOOLONG, NOENT, NOTDIR, NOTSOCK, NOTSUP, PERM = 31, 32, 33, 37, 44, 54, 57, 58, 63

READ_WRITE = long(0x1FFFFFFF)
TEXT = 0x400  # Where a guest's own path is.


def add(corpus):
    add_pointers(corpus)
    add_vectors(corpus)
    add_descriptors(corpus)
    add_paths(corpus)
    add_floods(corpus)
    add_waits(corpus)
    add_exits(corpus)


def says(corpus, name, functions, expressions, expected, fields="", before="", **setup):
    """A guest that answers with what some calls return."""
    corpus.guest(name, guest(before + responding(*expressions), fields, wasi=functions), answers(expected),
                 folder=True,
                 **setup)


def path(text):
    escaped = "".join(f"\\{byte:02x}" for byte in (text if isinstance(text, bytes) else text.encode()))
    return f'(data (i32.const {TEXT}) "{escaped}")'


def opening(text, flags=0, fd=3, rights=READ_WRITE, lookup=1):
    length = len(text if isinstance(text, bytes) else text.encode())
    return calling("path_open", fd, lookup, TEXT, length, flags, rights, long(0), 0, SCRATCH - 4)


def add_pointers(corpus):
    at_end = MEMORY_BYTES - 1
    for function, arguments in {
            "args_get": [MOST, MOST], "args_sizes_get": [MOST, 0], "environ_sizes_get": [0, at_end],
            "clock_time_get": [0, long(0), at_end], "clock_res_get": [0, MOST], "fd_fdstat_get": [1, at_end],
            "fd_filestat_get": [3, MEMORY_BYTES - 63], "fd_prestat_get": [3, MOST],
            "fd_read": [0, MOST, 1, 0],
            "fd_write": [1, at_end, 1, 0], "fd_readdir": [3, 0, MOST, long(0), 0], "random_get": [1, MOST],
            "path_open": [3, 0, MOST, 5, 0, long(2), long(0), 0, 0],
            "path_filestat_get": [3, 0, ALIVE_AT, 5, MOST], "path_create_directory": [3, at_end, 2],
            "path_unlink_file": [3, 0, MOST], "path_rename": [3, ALIVE_AT, 5, 3, MOST, 1],
            "path_symlink": [MOST, 1, 3, ALIVE_AT, 5], "path_link": [3, 0, MOST, 1, 3, ALIVE_AT, 5],
            "path_readlink": [3, ALIVE_AT, 5, 1, MOST, 0], "poll_oneoff": [MOST, 0, 1, 0],
            "fd_seek": [3, long(0), 0, MOST],
    }.items():
        expected = BADF if function == "fd_seek" else FAULT
        says(corpus, f"{function}_with_a_bad_pointer", [function], [calling(function, *arguments)],
             [expected])
    says(corpus, "path_open_with_nowhere_for_its_result", ["path_open"],
         [calling("path_open", 3, 0, ALIVE_AT, 5, 0, long(2), long(0), 0, MOST)], [FAULT])
    says(corpus, "random_numbers_over_all_memory", ["random_get"], [calling("random_get", 0, MEMORY_BYTES)],
         [SUCCESS])
    says(corpus, "a_directory_name_into_the_last_address", ["fd_prestat_dir_name"],
         [calling("fd_prestat_dir_name", 3, MOST, 1)], [FAULT])


def add_vectors(corpus):
    def vector(pointer, length, at=SCRATCH):
        return (f"(i32.store (i32.const {at}) (i32.const {pointer}))"
                f" (i32.store (i32.const {at + 4}) (i32.const {length}))")

    for function, fd in [("fd_write", 1), ("fd_read", 0)]:
        says(corpus, f"{function}_of_4_billion_parts", [function],
             [calling(function, fd, 0, MOST, 0), calling(function, fd, SCRATCH, MOST, 0),
              calling(function, fd, MOST, MOST, 0)], [FAULT] * 3, before=vector(ALIVE_AT, 5))
        says(corpus, f"{function}_of_half_a_billion_parts", [function],
             [calling(function, fd, 0, 0x20000000, 0), calling(function, fd, SCRATCH, 0x20000000, 0)],
             [FAULT] * 2)
        says(corpus, f"{function}_of_more_parts_than_are_looked_at", [function],
             [calling(function, fd, SCRATCH, 2000, 0x8000)], [SUCCESS], before=vector(ALIVE_AT, 5))
        says(corpus, f"{function}_of_one_part_more_than_there_is_memory_for", [function],
             [calling(function, fd, SCRATCH, (MEMORY_BYTES - SCRATCH) // 8 + 1, 0)], [FAULT],
             before=vector(ALIVE_AT, 5))
        says(corpus, f"{function}_of_1025_parts", [function], [calling(function, fd, SCRATCH, 1025, 0)],
             [INVAL])
        says(corpus, f"{function}_of_a_part_of_4_gib", [function],
             [calling(function, fd, SCRATCH, 1, SCRATCH + 8)], [FAULT], before=vector(0, MOST))
        says(corpus, f"{function}_of_a_part_that_wraps_around", [function],
             [calling(function, fd, SCRATCH, 1, SCRATCH + 8)], [FAULT], before=vector(MOST, 2))
        says(corpus, f"{function}_with_nowhere_for_its_result", [function],
             [calling(function, fd, SCRATCH, 1, MOST)], [FAULT], before=vector(ALIVE_AT, 5))
    parts = "(local $i i32) (loop " + (
        "(i32.store offset=4096 (i32.shl (local.get $i) (i32.const 3)) (i32.const 0))"
        "(i32.store offset=4100 (i32.shl (local.get $i) (i32.const 3)) (i32.const 131072))"
        "(br_if 0 (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 1024))))")
    says(corpus, "a_thousand_parts_that_are_all_the_same", ["fd_write"],
         [calling("fd_write", 1, 4096, 1024, 0x3000)], [SUCCESS], before=parts)
    says(corpus, "a_part_that_is_its_own_list", ["fd_read"], [calling("fd_read", 0, SCRATCH, 1, SCRATCH)],
         [SUCCESS],
         before=vector(SCRATCH, 8))


def add_descriptors(corpus):
    says(corpus, "descriptors_that_there_are_not",
         ["fd_close", "fd_read", "fd_write", "fd_seek", "fd_renumber"],
         [calling("fd_close", MOST), calling("fd_close", 0x80000000), calling("fd_read", 77, 0, 0, 0),
          calling("fd_write", MOST, 0, 0, 0), calling("fd_seek", 4, long(0), 0, 0),
          calling("fd_renumber", 3, MOST),
          calling("fd_renumber", MOST, 3)], [BADF] * 7)
    says(corpus, "a_descriptor_closed_twice", ["fd_close"], [calling("fd_close", 1), calling("fd_close", 1)],
         [SUCCESS, BADF])
    says(corpus, "every_descriptor_closed", ["fd_close", "fd_write"],
         [calling("fd_close", fd) for fd in range(5)] + [calling("fd_write", 1, 0, 0, 0)],
         [SUCCESS, SUCCESS, SUCCESS, SUCCESS, BADF, BADF])
    corpus.guest("a_directory_that_was_closed_is_back_after_a_trap",
                 guest("(if (i32.eqz (local.get $operation_length)) (then unreachable))"
                       + responding(calling("fd_close", 3), calling("fd_close", 3)), wasi=["fd_close"]),
                 {**answers([SUCCESS, BADF]), "operation": "x"}, {**answers([BADF, BADF]), "operation": "x"},
                 fails("trapped", "unreachable executed"), {**answers([SUCCESS, BADF]), "operation": "x"},
                 folder=True)
    opened = "(i32.load (i32.const 4092))"
    names = path("new")
    says(corpus, "offsets_that_are_out_of_this_world",
         ["path_open", "fd_seek", "fd_pwrite", "fd_pread", "fd_filestat_set_size", "fd_allocate",
          "fd_advise"],
         [opening("new", 1), calling("fd_seek", opened, long(-1), 0, SCRATCH + 64),
          calling("fd_seek", opened, long(0), 77, SCRATCH + 64),
          calling("fd_pread", opened, SCRATCH + 128, 1, long(-1), SCRATCH + 64),
          calling("fd_filestat_set_size", opened, long(-1)),
          calling("fd_allocate", opened, long(0), long(-1)),
          calling("fd_allocate", opened, long(-1), long(1)),
          calling("fd_advise", opened, long(-1), long(-1), 0),
          calling("fd_advise", opened, long(0), long(0), 99)],
         [SUCCESS, INVAL, INVAL, INVAL, INVAL, FBIG, FBIG, INVAL, INVAL], fields=names)
    says(corpus, "a_file_of_an_exbibyte", ["path_open", "fd_filestat_set_size"],
         [opening("new", 1), calling("fd_filestat_set_size", opened, long(1 << 60))], [SUCCESS, DQUOT],
         fields=names)
    says(corpus, "a_write_far_beyond_the_end", ["path_open", "fd_pwrite"],
         [opening("new", 1), calling("fd_pwrite", opened, SCRATCH + 128, 1, long(1 << 40), SCRATCH + 64)],
         [SUCCESS, DQUOT], fields=names,
         before=f"(i32.store (i32.const {SCRATCH + 128}) (i32.const 256)) (i32.store"
                f" (i32.const {SCRATCH + 132}) (i32.const 5))")
    says(corpus, "clocks_that_there_are_not", ["clock_time_get", "clock_res_get"],
         [calling("clock_time_get", 99, long(0), SCRATCH), calling("clock_time_get", MOST, long(-1), SCRATCH),
          calling("clock_res_get", 4, SCRATCH)], [INVAL] * 3)
    says(corpus, "a_signal_for_the_host", ["proc_raise"],
         [calling("proc_raise", 9), calling("proc_raise", 6), calling("proc_raise", MOST)], [NOTSUP] * 3)
    says(corpus, "files_that_are_no_sockets", ["sock_accept", "sock_recv", "sock_send", "sock_shutdown"],
         [calling("sock_accept", 3, 0, 0), calling("sock_recv", 0, 0, 0, 0, 0, 0),
          calling("sock_send", 1, 0, 0, 0, 0),
          calling("sock_shutdown", 3, MOST)], [NOTSOCK] * 4)
    says(corpus, "a_directory_over_standard_output", ["fd_renumber", "fd_write"],
         [calling("fd_renumber", 3, 1), calling("fd_write", 1, SCRATCH, 0, SCRATCH)], [SUCCESS, BADF])
    says(corpus, "a_listing_from_a_place_that_there_is_not", ["fd_readdir"],
         [calling("fd_readdir", 3, SCRATCH + 128, 0, long(-1), SCRATCH + 64),
          calling("fd_readdir", 3, SCRATCH + 128, 1, long(0), SCRATCH + 64),
          calling("fd_readdir", 1, SCRATCH + 128, 1, long(0), SCRATCH + 64)], [SUCCESS, SUCCESS, BADF])


def add_paths(corpus):
    def leaves(name, text, expected, flags=0):
        says(corpus, name, ["path_open"], [opening(text, flags)], [expected], fields=path(text))

    leaves("a_path_to_the_root", "/etc/passwd", PERM)
    leaves("a_path_to_the_parent", "..", PERM)
    leaves("a_path_through_the_parent", "../../../../../../etc/passwd", PERM)
    leaves("a_path_in_and_out", "alive/../../x", NOTDIR)
    leaves("a_path_down_and_further_up", "down/../../secret", PERM)
    leaves("a_path_through_a_link_that_leads_out", "out/secret", PERM)
    leaves("a_link_that_leads_out", "out", PERM)
    leaves("a_file_made_through_a_link_that_leads_out", "out/new", PERM, 1)
    leaves("a_link_to_the_root", "root/etc/passwd", PERM)
    leaves("a_link_to_itself", "self", LOOP)
    leaves("a_path_with_a_zero", b"alive\0x", INVAL)
    leaves("a_path_that_is_not_utf8", b"\xff\xfe", ILSEQ)
    leaves("a_path_that_is_empty", "", NOENT)
    leaves("a_name_of_300_bytes", "x" * 300, NAMETOOLONG)
    leaves("a_path_of_60_kib", "x/" * 30_000, NAMETOOLONG)
    leaves("a_path_of_points", "./" * 2000 + "alive", SUCCESS)
    leaves("a_path_of_parents", "../" * 1300, PERM)
    leaves("a_file_made_that_is_there", "alive", EXIST, 5)
    leaves("a_file_that_is_to_be_a_directory", "alive", NOTDIR, 2)
    leaves("a_path_into_a_file", "alive/x", NOTDIR)
    leaves("open_flags_that_there_are_not", "alive", INVAL, 0x8000)
    says(corpus, "a_path_from_a_descriptor_that_is_no_directory", ["path_open"],
         [opening("alive", fd=1), opening("alive", fd=99), opening("alive", fd=MOST)], [BADF] * 3,
         fields=path("alive"))
    says(corpus, "a_link_made_that_leads_to_the_root", ["path_symlink", "path_open"],
         [calling("path_symlink", TEXT, 1, 3, TEXT + 1, 3),
          calling("path_symlink", TEXT + 4, 5, 3, TEXT + 1, 3),
          calling("path_open", 3, 1, TEXT + 1, 3, 0, READ_WRITE, long(0), 0, SCRATCH - 4)],
         [PERM, SUCCESS, PERM], fields=path("/new../.."))
    says(corpus, "what_is_outside_renamed_removed_and_linked",
         ["path_rename", "path_unlink_file", "path_remove_directory", "path_link", "path_create_directory",
          "path_filestat_get"],
         [calling("path_rename", 3, TEXT, 9, 3, ALIVE_AT, 5),
          calling("path_rename", 3, ALIVE_AT, 5, 3, TEXT, 9),
          calling("path_unlink_file", 3, TEXT, 9), calling("path_remove_directory", 3, TEXT, 2),
          calling("path_link", 3, 0, TEXT, 9, 3, ALIVE_AT, 3), calling("path_create_directory", 3, TEXT, 6),
          calling("path_filestat_get", 3, 1, TEXT, 9, SCRATCH + 128)], [PERM] * 7, fields=path("../secret"))
    says(corpus, "the_directory_itself_removed", ["path_remove_directory", "path_unlink_file", "path_rename"],
         [calling("path_remove_directory", 3, TEXT, 1), calling("path_unlink_file", 3, TEXT, 1),
          calling("path_rename", 3, TEXT, 1, 3, ALIVE_AT, 3)], [INVAL, ISDIR, BUSY], fields=path("."))
    corpus.guest("files_without_any_directory_given",
                 guest(responding(opening("alive"), calling("fd_prestat_get", 3, SCRATCH + 64)),
                       path("alive"),
                       wasi=["path_open", "fd_prestat_get"]), answers([BADF, BADF]))


def add_floods(corpus):
    until = "(local $n i32) (loop (br_if 0 (i32.eqz (local.tee $n {}))))" + responding("(local.get $n)")
    corpus.guest("files_opened_until_there_are_no_more",
                 guest(until.format(opening("alive")), path("alive"), wasi=["path_open"]), answers([MFILE]),
                 answers([MFILE]), folder=True)
    corpus.guest("directories_opened_until_there_are_no_more",
                 guest(until.format(opening(".", 2, rights=long(0x6000))), path("."), wasi=["path_open"]),
                 answers([MFILE]), folder=True)
    corpus.guest("files_opened_until_there_are_no_more_and_then_a_trap",
                 guest("(local $n i32) (loop (br_if 0 (i32.eqz " + opening("alive") + "))) unreachable",
                       path("alive"),
                       wasi=["path_open"]), *[fails("trapped", "unreachable executed")] * 3, folder=True)
    corpus.guest("files_opened_and_closed_without_end",
                 guest("(loop (drop " + opening("alive")
                       + ") (drop (call $fd_close (i32.load (i32.const 4092)))) (br 0))"
                       " unreachable", path("alive"), wasi=["path_open", "fd_close"]), runs_out(),
                 folder=True)
    corpus.guest("directories_made_and_removed_without_end",
                 guest("(loop (drop " + calling("path_create_directory", 3, TEXT, 3) + ") (drop "
                       + calling("path_remove_directory", 3, TEXT, 3) + ") (br 0)) unreachable", path("new"),
                       wasi=["path_create_directory", "path_remove_directory"]), runs_out(), folder=True)
    corpus.guest("directories_within_each_other",
                 guest("(local $n i32) (local $at i32) (loop"
                       " (drop (call $path_create_directory (i32.const 3) (i32.const 1024) (i32.add"
                       " (i32.const 1)"
                       " (local.get $at)))) (i32.store16 (i32.add (i32.const 1025) (local.get $at))"
                       " (i32.const 0x612f))"
                       " (local.set $at (i32.add (local.get $at) (i32.const 2)))"
                       " (br_if 0 (i32.lt_u (local.get $at) (i32.const 400)))) (call $alive)", path("a"),
                       wasi=["path_create_directory"]), ALIVE, folder=True)
    corpus.guest("entries_made_until_there_may_be_no_more",
                 guest("(local $n i32) (local $e i32) (loop"
                       " (i32.store (i32.const 1024) (i32.or (i32.const 0x61616161) (i32.and (local.get $n)"
                       " (i32.const 0x0f0f)))) (local.set $n (i32.add (local.get $n) (i32.const 1)))"
                       " (br_if 0 (i32.eqz (local.tee $e " + calling("path_symlink", ALIVE_AT, 5, 3, TEXT, 4)
                       + ")))"
                       " (br_if 0 (i32.eq (local.get $e) (i32.const 20)))) " + responding("(local.get $e)"),
                       wasi=["path_symlink"]), answers([DQUOT]), folder=True, entries_created=50)
    corpus.guest("a_file_written_until_there_may_be_no_more",
                 guest(f"(local $e i32) (i32.store (i32.const {SCRATCH + 4}) (i32.const 65536))"
                       "(drop " + opening("new", 1) + ") (loop (br_if 0 (i32.eqz (local.tee $e "
                       + calling("fd_write", "(i32.load (i32.const 4092))", SCRATCH, 1, SCRATCH + 8) + "))))"
                       + responding("(local.get $e)", at=SCRATCH + 64), path("new"),
                       wasi=["path_open", "fd_write"]),
                 answers([DQUOT]), folder=True, bytes_written=1 << 20)


def subscription(kind, clock, timeout, flags=0, at=SCRATCH):
    return (f"(i64.store (i32.const {at}) (i64.const 7)) (i32.store8 (i32.const {at + 8}) (i32.const {kind}))"
            f"(i32.store (i32.const {at + 16}) (i32.const {clock})) (i64.store (i32.const {at + 24})"
            f" (i64.const {timeout}))"
            f"(i32.store16 (i32.const {at + 40}) (i32.const {flags}))")


def add_waits(corpus):
    poll = "(drop " + calling("poll_oneoff", SCRATCH, SCRATCH + 256, 1, SCRATCH + 512) + ")"

    def waits(name, before, expected, **setup):
        corpus.guest(name, guest(f"{before} {poll} (call $alive)", wasi=["poll_oneoff"]), expected, **setup)

    waits("sleep_for_ever", subscription(0, 1, -1), runs_out())
    waits("sleep_for_a_day", subscription(0, 0, 86_400_000_000_000), runs_out())
    waits("sleep_until_the_end_of_time", subscription(0, 1, -1, 1), runs_out())
    corpus.guest("sleep_for_a_nanosecond_again_and_again",
                 guest(subscription(0, 1, 1) + f"(loop {poll} (br 0)) unreachable", wasi=["poll_oneoff"]),
                 runs_out())
    corpus.guest("sleep_for_nothing_again_and_again",
                 guest(subscription(0, 1, 0) + f"(loop {poll} (br 0)) unreachable", wasi=["poll_oneoff"]),
                 runs_out())
    waits("sleep_for_longer_than_is_allowed", subscription(0, 1, -1),
          fails("limit_exceeded", mentions="the guest waited longer than WasiLimits::time_slept allows"),
          time_slept_ms=20)
    for start, label in STARTS.items():
        corpus.guest(f"sleep_for_ever_in_{label}",
                     guest(fields=f"(func $work {subscription(0, 1, -1)} {poll})", starts=[start],
                           wasi=["poll_oneoff"]),
                     start={**fails("deadline_exceeded", mentions="the call's deadline passed"),
                            "timeout_ms": 50})
    says(corpus, "a_wait_for_nothing", ["poll_oneoff"], [calling("poll_oneoff", 0, 0, 0, 0)], [INVAL])
    says(corpus, "a_wait_for_4_billion_things", ["poll_oneoff"],
         [calling("poll_oneoff", 0, 0, MOST, 0), calling("poll_oneoff", 0, 0, 0x80000000, 0),
          calling("poll_oneoff", 0, 0, 0x5555556, 0)], [FAULT] * 3)
    corpus.guest("a_wait_for_4097_things",
                 guest(responding(calling("poll_oneoff", 0, 0, 4097, 0)),
                       memory='(memory (export "memory") 16)',
                       wasi=["poll_oneoff"]), answers([INVAL]))
    says(corpus, "a_wait_for_what_there_is_not", ["poll_oneoff"],
         [calling("poll_oneoff", SCRATCH, SCRATCH + 256, 1, SCRATCH + 512)], [INVAL],
         before=subscription(3, 0, 0))
    says(corpus, "a_wait_for_a_clock_that_there_is_not", ["poll_oneoff"],
         [calling("poll_oneoff", SCRATCH, SCRATCH + 256, 1, SCRATCH + 512),
          f"(i32.load16_u (i32.const {SCRATCH + 264}))"],
         [SUCCESS, INVAL], before=subscription(0, 99, -1))
    says(corpus, "a_wait_with_its_events_over_its_subscriptions", ["poll_oneoff"],
         [calling("poll_oneoff", SCRATCH, SCRATCH, 1, SCRATCH)], [SUCCESS], before=subscription(0, 1, 1))


def add_exits(corpus):
    for code in [0, 1, 255, MOST]:
        corpus.guest(f"an_exit_with_{code}_in_a_call",
                     guest(f"(drop (call $alive)) {calling('proc_exit', code)} (call $alive)",
                           wasi=["proc_exit"]),
                     *[fails("trapped", f"the guest exited with code {code}")] * 2)
    corpus.guest("an_exit_after_an_error",
                 guest(f"{calling('guest_error', ALIVE_AT, 5)} {calling('proc_exit', 3)} (i32.const 0)",
                       wasi=["proc_exit"]), fails("trapped", "alive: the guest exited with code 3"))
    corpus.guest("an_exit_from_a_hundred_calls_deep",
                 guest("(call $deep (i32.const 100)) (call $alive)",
                       "(func $deep (param i32) (if (i32.eqz (local.get 0)) (then (call $proc_exit"
                       " (i32.const 9))))"
                       " (call $deep (i32.sub (local.get 0) (i32.const 1))))", wasi=["proc_exit"]),
                 fails("trapped", "the guest exited with code 9"))
    corpus.guest("an_exit_the_first_time_only",
                 guest("(if (i32.eqz (local.get $operation_length)) (then (call $proc_exit (i32.const 0))))"
                       " (call $alive)", wasi=["proc_exit"]),
                 fails("trapped", "the guest exited with code 0"), {**ALIVE, "operation": "x"})
