"""What a hostile guest is, what must become of it, and the manifest in which both are written down."""

import concurrent.futures
import json
import pathlib
import re
import subprocess

SHORT_MS = 50  # For what never ends by itself, and so cannot be too short.


def fails(code, message=None, mentions=()):
    """A failure; `message` to the letter, or parts that it mentions."""
    expected = {"code": code}
    if message is not None:
        expected["message"] = message
    if mentions:
        expected["mentions"] = [mentions] if isinstance(mentions, str) else list(mentions)
    return expected


def answers(answer):
    """An answer: text, bytes, or a list of numbers of 32 bits."""
    if isinstance(answer, str):
        answer = answer.encode()
    if not isinstance(answer, bytes):
        answer = b"".join(number.to_bytes(4, "little") for number in answer)
    return {"answer": answer.hex()}


def of_size(count):
    """An answer of so many bytes."""
    return {"answer_size": count}


def runs_out():
    """The end of what has none, after a short while."""
    return {**fails("deadline_exceeded", "the call's deadline passed"), "timeout_ms": SHORT_MS}


ALIVE = answers("alive")


class Corpus:
    def __init__(self):
        self.guests = []
        self.sources = {}
        self.hostility = None

    def add_class(self, hostility, add):
        self.hostility = hostility
        add(self)

    def guest(self, name, module, *calls, load=None, start=None, features=(), checked=True,
              **setup):
        """`module` is bytes, or text for wat2wasm.

        Just one of `load`, `start` and `calls` is said: where it ends, and then how. `features` are those of
        WebAssembly's that it takes, by the names of their proposals. `checked` is whether wat2wasm is to find
        it valid. `setup` is for the runner (see manifest.cpp).
        """
        assert re.fullmatch("[a-z][a-z0-9_]*", name), name
        assert name not in self.sources, name
        assert [load is not None, start is not None, bool(calls)].count(True) == 1, name
        self.sources[name] = (module, checked)
        entry = {"name": name, "class": self.hostility, "file": name + ".wasm"}
        entry |= {key: value for key, value in [("load", load), ("start", start)] if value}
        if calls:
            entry["calls"] = list(calls)
        if features:
            entry["features"] = list(features)
        if setup:
            entry["setup"] = setup
        self.guests.append(entry)

    def refused(self, name, module, mentions=(), **more):
        """A guest that is no valid module."""
        self.guest(name, module, load=fails("invalid_module", mentions=mentions), **more)

    def write(self, folder, wat2wasm):
        """Writes all guests, and then the manifest, into `folder`."""
        folder = pathlib.Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.glob("*.wa[st]*"):
            old.unlink()

        def write_one(item):
            name, (module, checked) = item
            target = folder / (name + ".wasm")
            if isinstance(module, bytes):
                target.write_bytes(module)
                return None
            source = target.with_suffix(".wat")
            source.write_text(module)
            flags = ["--enable-all"] + ([] if checked else ["--no-check"])
            done = subprocess.run([wat2wasm, *flags, source, "-o", target], capture_output=True, text=True)
            return done.stderr

        with concurrent.futures.ThreadPoolExecutor() as pool:
            problems = "".join(filter(None, pool.map(write_one, self.sources.items())))
        if problems:
            raise SystemExit(problems)
        (folder / "manifest.json").write_text(json.dumps(self.guests, indent=1))
