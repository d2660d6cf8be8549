"""Guests in the text format: the imports, the memory and the texts that all of them have."""

import textwrap

WAPC = {
    "guest_request": (2, 0), "guest_response": (2, 0), "guest_error": (2, 0), "host_call": (8, 1),
    "host_response_len": (0, 1), "host_response": (1, 0), "host_error_len": (0, 1), "host_error": (1, 0),
    "console_log": (2, 0),
}

# Parameters of those of WASI's functions that are used; i is an i32, I an i64. All but proc_exit
# return an i32.
WASI = {
    "args_get": "ii", "args_sizes_get": "ii", "clock_res_get": "ii", "clock_time_get": "iIi",
    "environ_get": "ii", "environ_sizes_get": "ii", "fd_advise": "iIIi", "fd_allocate": "iII",
    "fd_close": "i",
    "fd_fdstat_get": "ii", "fd_fdstat_set_flags": "ii", "fd_filestat_get": "ii", "fd_filestat_set_size": "iI",
    "fd_pread": "iiiIi", "fd_prestat_dir_name": "iii", "fd_prestat_get": "ii", "fd_pwrite": "iiiIi",
    "fd_read": "iiii", "fd_readdir": "iiiIi", "fd_renumber": "ii", "fd_seek": "iIii", "fd_tell": "ii",
    "fd_write": "iiii", "path_create_directory": "iii", "path_filestat_get": "iiiii", "path_link": "iiiiiii",
    "path_open": "iiiiiIIii", "path_readlink": "iiiiii", "path_remove_directory": "iii",
    "path_rename": "iiiiii",
    "path_symlink": "iiiii", "path_unlink_file": "iii", "poll_oneoff": "iiii", "proc_exit": "i",
    "proc_raise": "i",
    "random_get": "ii", "sched_yield": "", "sock_accept": "iii", "sock_recv": "iiiiii", "sock_send": "iiiii",
    "sock_shutdown": "ii",
}

MEMORY_BYTES = 2 * 65536
ALIVE_AT = 0x100  # "alive", which is the answer of a guest that came through, and most guests' payload.
SCRATCH = 0x1000  # From here on all is zero.

OPERATIONS = ["echo", "error", "throw", "again", "another", "count", "megabyte", "deny"]
AT = {word: 0x110 + 0x10 * i for i, word in enumerate(OPERATIONS)}


def import_wapc(name):
    parameters, results = WAPC[name]
    return (f'(import "wapc" "__{name}" (func ${name} (param{" i32" * parameters})'
            f'{" (result i32)" * results}))')


def import_wasi(name, module="wasi_snapshot_preview1"):
    parameters = " ".join({"i": "i32", "I": "i64"}[letter] for letter in WASI[name])
    result = "" if name == "proc_exit" else " (result i32)"
    return f'(import "{module}" "{name}" (func ${name} (param {parameters}){result}))'


def ask(operation):
    """Calls the host, with the payload "alive"; leaves 1 or 0."""
    return (f"(call $host_call (i32.const {ALIVE_AT}) (i32.const 1) (i32.const {ALIVE_AT}) (i32.const 1)"
            f" (i32.const {AT[operation]}) (i32.const {len(operation)})"
            f" (i32.const {ALIVE_AT}) (i32.const 5))")


def guest(body="(call $alive)", fields="", wasi=(), imports="", memory='(memory (export "memory") 2)',
          starts=()):
    """A guest whose `__guest_call` is `body`, which leaves an i32. `starts` are start functions, of which
    `section` is the start section, that call `$work` of `fields`."""
    lines = [import_wapc(name) for name in WAPC] + [import_wasi(name) for name in wasi] + [imports, memory]
    lines += [f'(data (i32.const {ALIVE_AT}) "alive")'] if memory else []
    lines += [f'(data (i32.const {at}) "{word}")' for word, at in AT.items()] if memory else []
    lines += ["(func $answer (param i32 i32) (result i32)",
              "  (call $guest_response (local.get 0) (local.get 1)) (i32.const 1))",
              f"(func $alive (result i32) (call $answer (i32.const {ALIVE_AT}) (i32.const 5)))", fields]
    for start in starts:
        lines.append("(start $work)" if start == "section" else f'(func (export "{start}") (call $work))')
    lines += ['(func $guest_call (export "__guest_call")'
              " (param $operation_length i32) (param $payload_length i32) (result i32)", body, ")"]
    return "(module\n" + textwrap.indent("\n".join(lines), "  ") + ")\n"


def responding(*numbers, at=SCRATCH):
    """Responds with numbers of 32 bits, each an expression, worked out in their order."""
    stores = "".join(f"(i32.store offset={4 * i} (i32.const {at}) {number})\n" for i,
                     number in enumerate(numbers))
    return stores + f"(call $answer (i32.const {at}) (i32.const {4 * len(numbers)}))"


def calling(function, *arguments):
    """A call with constants: numbers are taken for i32, and all else is text."""
    return f"(call ${function} {' '.join(constant(argument) for argument in arguments)})"


def constant(value):
    return f"(i32.const {value})" if isinstance(value, int) else value


def long(value):
    return f"(i64.const {value})"


STARTS = {"section": "the_start_section", "_start": "start", "_initialize": "initialize",
          "wapc_init": "wapc_init"}


def called(start):
    """What an error says of where it was, when `start` failed."""
    return "instantiate" if start == "section" else start
