"""Runs a transcript of the command line and compares what comes out, byte by byte.

A transcript is made of cases:

    # a remark
    $ wapc call echo.wasm any hello | tr a-z A-Z       a line for bash
    HELLO                                              standard output
    \\ no end of line                                   its last line has none
    ! wapc: ...                                        standard error, if any
    ? 3                                                the exit code, when it is not 0

A line of output that looks like another kind has "> " before it. Blank lines at the end of a case
separate it from the next. {number} stands for a number and {any} for anything within a line. Commands
run in a new folder that holds the guests, with $ENGINE set to the engine under test and a cache of the
transcript's own. A transcript that begins with "# needs wasmtime wasm3" is skipped where one of them is
not built in.
"""

import argparse
import difflib
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

SKIPPED = 77  # To ctest.
NO_END = "\\ no end of line"
PLACEHOLDERS = {"{number}": r"\d+(?:\.\d+)?", "{any}": r".*"}


class Case:
    def __init__(self, number, command):
        self.number = number
        self.command = command
        self.expected = []


def read_cases(text):
    """The lines before the first case, and the cases."""
    head, cases = [], []
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("$ "):
            cases.append(Case(number, line[2:]))
        elif cases:
            cases[-1].expected.append(line)
        else:
            head.append(line)
    return head, cases


def shown(stream, quote):
    """What was written as lines of a transcript."""
    text = stream.decode("utf-8", "backslashreplace")
    lines = text.split("\n")
    ends = lines[-1] == ""
    lines = lines[:-1] if ends else lines
    return [quote(line) for line in lines] + ([] if ends else [NO_END])


def quote_output(line):
    return "> " + line if line == "" or re.match(r"[$!?#>\\]", line) else line


def actual_lines(run):
    lines = shown(run.stdout, quote_output) + shown(run.stderr, lambda line: "! " + line)
    return lines + ([f"? {run.returncode}"] if run.returncode else [])


def expected_lines(case):
    lines = [line for line in case.expected if not line.startswith("#")]
    while lines and lines[-1] == "":
        lines.pop()
    return [line if line else "> " for line in lines]


def matches(expected, actual):
    pattern = re.escape(expected)
    for name, regex in PLACEHOLDERS.items():
        pattern = pattern.replace(re.escape(name), regex)
    return re.fullmatch(pattern, actual) is not None


def same(expected, actual):
    return len(expected) == len(actual) and all(map(matches, expected, actual))


def run_case(case, folder, environment):
    return subprocess.run(["bash", "-c", case.command], cwd=folder, env=environment, timeout=60,
                          stdin=subprocess.DEVNULL, capture_output=True, check=False)


def accepted(head, cases, outcomes):
    """The transcript as it would be if all that happened were right."""
    lines = list(head)
    for case, actual in zip(cases, outcomes):
        lines.append("$ " + case.command)
        if actual is None:
            lines += case.expected
        else:
            remarks = [line for line in case.expected if line.startswith("#")]
            lines += actual + [""] + remarks
    return "\n".join(lines).rstrip("\n") + "\n"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("transcript", type=pathlib.Path)
    parser.add_argument("--wapc", type=pathlib.Path, required=True)
    parser.add_argument("--guests", type=pathlib.Path, required=True)
    parser.add_argument("--engine", default="")
    parser.add_argument("--engines", default="", help="those built in, with ; between them")
    parser.add_argument("--accept", action="store_true", help="write down what happens as right")
    options = parser.parse_args()

    head, cases = read_cases(options.transcript.read_text())
    if not cases:
        sys.exit(f"{options.transcript}: no case in it")
    needed = [word for line in head if line.startswith("# needs ") for word in line.split()[2:]]
    lacking = [engine for engine in needed if engine not in options.engines.split(";")]
    if lacking:
        print(f"skipped: this build has no {', '.join(lacking)}")
        return SKIPPED
    environment = {**os.environ, "ENGINE": options.engine, "LC_ALL": "C.UTF-8",
                   "PATH": f"{options.wapc.resolve().parent}:{os.environ['PATH']}"}
    outcomes = []
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as cache:
        environment["WAPC_CACHE_DIR"] = cache
        for guest in options.guests.glob("*.wasm"):
            shutil.copy(guest, folder)
        for case in cases:
            actual = actual_lines(run_case(case, folder, environment))
            expected = expected_lines(case)
            outcomes.append(None if same(expected, actual) else actual)
            if outcomes[-1] is not None and not options.accept:
                print(f"{options.transcript}:{case.number}: $ {case.command}")
                print(*difflib.unified_diff(expected, actual, "expected", "actual", lineterm=""),
                      sep="\n", end="\n\n")
    wrong = sum(outcome is not None for outcome in outcomes)
    if options.accept:
        options.transcript.write_text(accepted(head, cases, outcomes))
    print(f"{len(cases)} cases, {wrong} {'written down anew' if options.accept else 'wrong'}")
    return 0 if options.accept else wrong != 0


if __name__ == "__main__":
    sys.exit(main())
