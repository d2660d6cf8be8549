"""What the program does with a terminal, with Ctrl-C, and in a bash that completes its words."""

import argparse
import json
import os
import pathlib
import pty
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

OPTIONS = None  # Set by main: where things are.
PATIENCE = 30  # Seconds; no test waits that long unless it fails.


def read_until(descriptor, done):
    """What comes from a terminal until `done` says so of all of it, or its other side is closed."""
    seen = b""
    end = time.monotonic() + PATIENCE
    while not done(seen):
        ready, _, _ = select.select([descriptor], [], [], max(0, end - time.monotonic()))
        if not ready:
            raise TimeoutError(f"only saw {seen!r}")
        try:
            part = os.read(descriptor, 65536)
        except OSError:  # EIO: that is how a terminal ends.
            break
        if not part:
            break
        seen += part
    return seen


class TerminalTest(unittest.TestCase):
    def setUp(self):
        if not OPTIONS.engines:
            self.skipTest("this build has no engine")

    def on_terminal(self, *arguments):
        """What `wapc` writes to a terminal, and to standard error."""
        terminal, its_side = pty.openpty()
        run = subprocess.Popen([OPTIONS.wapc, *arguments], cwd=OPTIONS.guests, stdout=its_side,
                               stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
        os.close(its_side)
        shown = read_until(terminal, lambda seen: False)
        os.close(terminal)
        said = run.stderr.read()
        run.stderr.close()
        self.assertEqual(run.wait(PATIENCE), 0)
        return shown.replace(b"\r\n", b"\n"), said

    def test_an_answer_without_an_end_of_line_gets_one(self):
        self.assertEqual(self.on_terminal("call", "echo.wasm", "any", "hello"), (b"hello\n", b""))

    def test_an_answer_with_an_end_of_line_gets_no_other(self):
        self.assertEqual(self.on_terminal("call", "echo.wasm", "any", "a\n\tb\n"),
                         (b"a\n\tb\n", b""))

    def test_an_empty_answer_is_nothing(self):
        self.assertEqual(self.on_terminal("call", "echo.wasm", "any"), (b"", b""))

    def test_no_raw_control_byte_gets_there(self):
        shown, said = self.on_terminal("call", "bytes.wasm", "any")
        self.assertEqual(shown, b"\\x00\\xff\\xfe\\x1b\n")
        self.assertIn(b"--hex", said)


    def test_nothing_is_left_of_what_shows_that_it_compiles(self):
        for command in ("call", "echo.wasm", "any"), ("run", "exits_early.wasm"):
            terminal, its_side = pty.openpty()
            run = subprocess.Popen([OPTIONS.wapc, command[0], "--no-cache", *command[1:]],
                                   cwd=OPTIONS.guests, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=its_side)
            os.close(its_side)
            shown = read_until(terminal, lambda seen: False)
            os.close(terminal)
            run.wait(PATIENCE)
            # On a machine that is slow enough there was a line, and it was wiped.
            wipe = rb"\r\x1b\[K"
            line = wipe + rb"wapc: compiling \w+\.wasm \(\d+ s\)"
            self.assertRegex(shown, rb"\A((" + line + rb")+" + wipe + rb")?\Z")


class InterruptTest(unittest.TestCase):
    def interrupted(self, engine, *arguments):
        run = subprocess.Popen([OPTIONS.wapc, "call", "--engine", engine, *arguments],
                               cwd=OPTIONS.guests, stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        # The guest says when it runs: a signal before that ends the process as any other.
        self.assertEqual(run.stderr.readline(), b"log_and_loop.wasm: ready\n")
        run.send_signal(signal.SIGINT)
        out, said = run.communicate(timeout=PATIENCE)
        return run.returncode, out, said

    def test_it_cancels_the_call(self):
        for engine in OPTIONS.engines:
            with self.subTest(engine=engine):
                self.assertEqual(self.interrupted(engine, "log_and_loop.wasm", "any"),
                                 (130, b"", b"wapc: the call was cancelled\n"))

    def test_it_is_told_as_json(self):
        for engine in OPTIONS.engines:
            with self.subTest(engine=engine):
                code, out, _ = self.interrupted(engine, "log_and_loop.wasm", "any", "--json")
                self.assertEqual(code, 130)
                self.assertIn(b'"code": "cancelled"', out)

    def test_it_ends_a_program(self):
        for engine in OPTIONS.engines:
            for program in "loops.wasm", "sleeps.wasm":
                with self.subTest(engine=engine, program=program):
                    run = self.program(engine, program)
                    self.assertEqual(run.stdout.readline(), b"ready\n")
                    run.send_signal(signal.SIGINT)
                    out, said = run.communicate(timeout=PATIENCE)
                    self.assertEqual((run.returncode, out, said),
                                     (130, b"", b"wapc: the program was cancelled\n"))

    def test_it_ends_a_program_that_waits_for_input(self):
        for engine in OPTIONS.engines:
            with self.subTest(engine=engine):
                run = self.program(engine, "relays.wasm")
                run.stdin.write(b"ready\n")
                run.stdin.flush()
                self.assertEqual(run.stdout.readline(), b"ready\n")
                run.send_signal(signal.SIGINT)
                run.wait(PATIENCE)  # While its input is still open.
                out, said = run.communicate()
                self.assertEqual((run.returncode, out, said),
                                 (130, b"", b"wapc: the program was cancelled\n"))

    def program(self, engine, name):
        return subprocess.Popen([OPTIONS.wapc, "run", "--engine", engine, name],
                                cwd=OPTIONS.guests, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE)


class BenchTest(unittest.TestCase):
    LONG = "--duration", "10m", "--warm-up", "1ms"
    WIPE = rb"\r\x1b\[K"

    def setUp(self):
        if not OPTIONS.engines:
            self.skipTest("this build has no engine")

    def bench(self, *arguments, **streams):
        return subprocess.Popen([OPTIONS.wapc, "bench", *arguments], cwd=OPTIONS.guests,
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, **streams)

    def interrupted(self, *arguments):
        """One that is ended once it has shown how it goes: its code, its output, and what its
        terminal got."""
        terminal, its_side = pty.openpty()
        run = self.bench("echo.wasm", "any", *self.LONG, *arguments, stderr=its_side)
        os.close(its_side)
        shown = read_until(terminal, lambda seen: b" a second" in seen)
        run.send_signal(signal.SIGINT)
        shown += read_until(terminal, lambda seen: False)
        os.close(terminal)
        out, _ = run.communicate(timeout=PATIENCE)
        return run.returncode, out, shown.replace(b"\r\n", b"\n")

    def test_it_shows_how_it_goes_and_ends_with_its_figures(self):
        for engine in OPTIONS.engines:
            for more in [], ["--threads", "2"], ["--against-engine", OPTIONS.engines[0]]:
                with self.subTest(engine=engine, more=more):
                    code, out, shown = self.interrupted("--engine", engine, *more)
                    self.assertEqual(code, 130)
                    self.assertRegex(out, rb"\ncalls +\d")
                    line = (self.WIPE + rb"wapc: (warming up|\d+ calls in \d+ s of [\de.+]+ s, "
                            rb"\d+ a second)")
                    self.assertRegex(shown, rb"\A(" + line + rb")+" + self.WIPE +
                                     rb"wapc: ended by Ctrl-C; this is what came before\n\Z")

    def test_what_came_before_is_told_as_json(self):
        code, out, _ = self.interrupted("--json")
        told = json.loads(out)
        self.assertEqual((code, told["ok"], told["interrupted"], told["error"]["code"]),
                         (130, False, True, "cancelled"))
        self.assertGreater(told["guests"][0]["calls"], 0)

    def test_it_ends_before_anything_was_measured(self):
        for engine in OPTIONS.engines:
            for more in [], ["--threads", "2"], ["--fresh"]:
                with self.subTest(engine=engine, more=more):
                    run = self.bench("log_and_loop.wasm", "any", "--engine", engine, *more,
                                     stderr=subprocess.PIPE)
                    self.assertEqual(run.stderr.readline(), b"log_and_loop.wasm: ready\n")
                    run.send_signal(signal.SIGINT)
                    out, said = run.communicate(timeout=PATIENCE)
                    self.assertEqual((run.returncode, out, said),
                                     (130, b"", b"wapc: ended by Ctrl-C before anything was "
                                                b"measured\n"))

    def test_nothing_is_shown_where_there_is_no_terminal(self):
        # For longer than it takes until a terminal gets a line.
        run = self.bench("echo.wasm", "any", "--duration", "1100ms", "--warm-up", "1ms",
                         stderr=subprocess.PIPE)
        _, said = run.communicate(timeout=PATIENCE)
        self.assertEqual((run.returncode, said), (0, b""))


class CompletionTest(unittest.TestCase):
    def completed(self, typed):
        """The words that a real bash makes of `typed` and a tab."""
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        for guest in OPTIONS.guests.glob("*.wasm"):
            shutil.copy(guest, folder.name)
        os.mkdir(os.path.join(folder.name, "folder"))
        child, terminal = pty.fork()
        if child == 0:
            os.chdir(folder.name)
            environment = {**os.environ, "PS1": "ready> ", "TERM": "dumb", "INPUTRC": "/dev/null",
                           "PATH": f"{OPTIONS.wapc.parent}:{os.environ['PATH']}"}
            os.execvpe("bash", ["bash", "--norc", "--noprofile", "-i"], environment)
        try:
            read_until(terminal, lambda seen: b"ready> " in seen)
            os.write(terminal, b"set +H; source <(wapc completion bash); "
                               b"show() { printf '<%s>' \"$@\"; echo; }; show set up\n")
            read_until(terminal, lambda seen: b"<set><up>\r\n" in seen)
            to_begin_of_line = b"\x01"
            os.write(terminal, typed.encode() + b"\t" + to_begin_of_line + b"show \n")
            seen = read_until(terminal, lambda seen: b">\r\n" in seen)
            return seen.replace(b"\r", b"").split(b"\n")[-2].decode()
        finally:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            os.close(terminal)

    def test_it_completes_commands(self):
        self.assertEqual(self.completed("wapc insp"), "<wapc><inspect>")

    def test_it_completes_options(self):
        self.assertEqual(self.completed("wapc call --show"), "<wapc><call><--show-host-calls>")

    def test_it_completes_engines(self):
        for engine in OPTIONS.engines:
            self.assertEqual(self.completed(f"wapc call --engine {engine[:5]}"),
                             f"<wapc><call><--engine><{engine}>")
            self.assertEqual(self.completed(f"wapc call --engine={engine[:5]}"),
                             f"<wapc><call><--engine={engine}>")

    def test_it_completes_files_of_guests(self):
        self.assertEqual(self.completed("wapc call --deadline 5s byt"),
                         "<wapc><call><--deadline><5s><bytes.wasm>")

    def test_it_completes_files_of_payloads(self):
        self.assertEqual(self.completed("wapc call echo.wasm wapc:sample @byt"),
                         "<wapc><call><echo.wasm><wapc:sample><@bytes.wasm>")

    def test_it_completes_directories(self):
        self.assertEqual(self.completed("wapc run --dir fold"), "<wapc><run><--dir><folder/>")
        self.assertEqual(self.completed("wapc run --dir=fold"), "<wapc><run><--dir=folder/>")

    def test_it_completes_programs_and_files_after_them(self):
        self.assertEqual(self.completed("wapc run rel"), "<wapc><run><relays.wasm>")
        self.assertEqual(self.completed("wapc run relays.wasm --quiet byt"),
                         "<wapc><run><relays.wasm><--quiet><bytes.wasm>")

    def test_it_leaves_operations_alone(self):
        self.assertEqual(self.completed("wapc call echo.wasm byt"),
                         "<wapc><call><echo.wasm><byt>")


def main():
    global OPTIONS
    parser = argparse.ArgumentParser()
    parser.add_argument("--wapc", type=lambda text: pathlib.Path(text).resolve(), required=True)
    parser.add_argument("--guests", type=lambda text: pathlib.Path(text).resolve(), required=True)
    parser.add_argument("--engines", type=lambda text: [e for e in text.split(";") if e],
                        required=True)
    OPTIONS, rest = parser.parse_known_args()
    with tempfile.TemporaryDirectory() as cache:
        os.environ["WAPC_CACHE_DIR"] = cache
        unittest.main(argv=[sys.argv[0], *rest], verbosity=2)


if __name__ == "__main__":
    main()
