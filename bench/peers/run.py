"""Measures hosts for WebAssembly plug-ins beside each other: the same guest, the same loads, one run.

Every peer is a program that stays alive and answers requests (see README.md). A round asks each of them
for each row, one after the other and each time in another order, so that what slows the machine for a while
slows them all; the best of all rounds counts. A peer that is not built, or dies, is named as missing."""

import argparse
import json
import pathlib
import random
import signal
import subprocess
import sys
import threading

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bench"))
import chart  # noqa: E402

BUILD = ROOT / "build" / "peers"
OURS = ROOT / "build" / "bench" / "bench"
RUST = BUILD / "rust" / "release"
WAPC_GUEST = OURS / "guest.wasm"
EXTISM_GUEST = BUILD / "extism" / "guest.wasm"

# Name for --only: (title, command, guest).
PEERS = {
    "floor-c": ("wasmtime, C API floor", [OURS / "wasmtime_c_floor"], WAPC_GUEST),
    "floor-c-slots": (
        "wasmtime, C API floor, slots",
        [OURS / "wasmtime_c_floor", "slots"],
        WAPC_GUEST,
    ),
    "floor-rust": ("wasmtime, Rust floor", [RUST / "wasmtime_rust_floor"], WAPC_GUEST),
    "cpp-wasmtime": ("waPC C++, wasmtime", [OURS / "wapc_cpp", "wasmtime"], WAPC_GUEST),
    "cpp-slots": ("waPC C++, wasmtime, slots", [OURS / "wapc_cpp", "slots"], WAPC_GUEST),
    "cpp-winch": ("waPC C++, winch", [OURS / "wapc_cpp", "winch"], WAPC_GUEST),
    "cpp-wasm3": ("waPC C++, wasm3", [OURS / "wapc_cpp", "wasm3"], WAPC_GUEST),
    "rust-wasmtime": ("waPC Rust, wasmtime", [RUST / "wapc_rust_wasmtime"], WAPC_GUEST),
    "rust-wasm3": ("waPC Rust, wasm3", [RUST / "wapc_rust_wasm3"], WAPC_GUEST),
    "rust-pool": ("waPC Rust pool, wasm3", [RUST / "wapc_rust_pool"], WAPC_GUEST),
    "go": ("waPC Go's way, wazero", [BUILD / "go_peer"], WAPC_GUEST),
    "js": ("waPC JavaScript, Node", ["node", BUILD / "js" / "peer.js"], WAPC_GUEST),
    "extism": ("Extism", [BUILD / "extism" / "peer", "echo"], EXTISM_GUEST),
    "extism-in-place": (
        "Extism, payload unseen",
        [BUILD / "extism" / "peer", "echo_in_place"],
        EXTISM_GUEST,
    ),
}

# Title: the request for it. Loads take seconds, so they have few rounds.
CALLS = {
    "nop": "nop 0",
    "echo 0 B": "echo 0",
    "echo 64 B": "echo 64",
    "echo 4 KiB": "echo 4096",
    "echo 64 KiB": "echo 65536",
    "echo 1 MiB": "echo 1048576",
    "host call": "host 0",
    "fresh instance": "fresh 0",
    "1 thread": "threads 1",
    "2 threads": "threads 2",
}
LOADS = {"load": "load 0", "cached load": "cached 0"}
CHARTED = ["nop", "echo 64 B", "echo 4 KiB", "echo 1 MiB", "host call", "fresh instance"]


class Peer:
    """A peer's program. It is stopped whenever it is not asked, so that it disturbs no other."""

    def __init__(self, name, large):
        self.name = name
        self.title, command, guest = PEERS[name]
        cache = BUILD / "cache" / name
        cache.mkdir(parents=True, exist_ok=True)
        self.times = {}
        self.missing = None
        try:
            self.process = subprocess.Popen(
                [str(part) for part in [*command, guest, large, cache]],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        except OSError as error:
            self.missing = error.strerror

    def measure(self, row, request, seconds):
        """Keeps the best time of the row. Does nothing for a row that the peer has not."""
        if self.missing or self.times.get(row, 0) is None:
            return
        answer = self._ask(f"{request} {seconds}\n")
        if not answer:
            self.missing = f"ended with {self.process.wait()} at {row}"
        elif answer == "-":
            self.times[row] = None
        else:
            self.times[row] = min(float(answer), self.times.get(row, float("inf")))

    def _ask(self, request):
        patience = threading.Timer(300, self.process.kill)
        patience.start()
        try:
            self.process.send_signal(signal.SIGCONT)
            self.process.stdin.write(request)
            self.process.stdin.flush()
            answer = self.process.stdout.readline().strip()
            self.process.send_signal(signal.SIGSTOP)
            return answer
        except BrokenPipeError:
            return ""
        finally:
            patience.cancel()

    def end(self):
        if not self.missing:
            self.process.kill()
            self.process.wait()


def run(peers, rows, rounds, seconds):
    order = random.Random(1)
    for number in range(rounds):
        for row, request in rows.items():
            for peer in order.sample(peers, len(peers)):
                peer.measure(row, request, seconds)
        if sys.stderr.isatty():
            print(f"\rround {number + 1} of {rounds} ", file=sys.stderr, end="", flush=True)


def results_of(peers):
    """{title: {row: nanoseconds or, of threads, how many times as much two get done as one}}."""
    results = {}
    for peer in peers:
        times = dict(peer.times)
        one, two = times.pop("1 thread", None), times.pop("2 threads", None)
        if one and two:
            times["2 threads"] = one / two
        results[peer.title] = {row: time for row, time in times.items() if time is not None}
    return results


def cell(row, value):
    if value is None:
        return "–"
    if row == "2 threads":
        return f"{value:.2f}x"
    return chart.duration(value)


def table(results):
    """Markdown: a line for each peer."""
    rows = [row for row in [*CALLS, *LOADS] if any(row in times for times in results.values())]
    lines = ["| | " + " | ".join(rows) + " |", "|---|" + "---|" * len(rows)]
    for title, times in results.items():
        cells = [cell(row, times.get(row)) for row in rows]
        lines.append(f"| {title} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="show that it runs, little more")
    parser.add_argument("--only", help="comma-separated: " + ", ".join(PEERS))
    parser.add_argument("--rounds", type=int, default=60, help="of 20 ms for each row and peer")
    parser.add_argument("--large", default=ROOT / "build" / "guests" / "go.wasm",
                        help="the module to load; default: the guest written in Go")
    given = parser.parse_args()
    asked = given.only.split(",") if given.only else list(PEERS)
    if unknown := set(asked) - set(PEERS):
        parser.error("no such peer: " + ", ".join(unknown))
    given.names = [name for name in PEERS if name in asked]
    return given


def main():
    given = arguments()
    loads = LOADS if pathlib.Path(given.large).exists() else {}
    peers = [Peer(name, given.large if loads else WAPC_GUEST) for name in given.names]
    try:
        run(peers, CALLS, 2 if given.quick else given.rounds, 0.02)
        run(peers, loads, 1 if given.quick else 3, 0.05)
    finally:
        for peer in peers:
            peer.end()
    results = results_of([peer for peer in peers if not peer.missing])
    (BUILD / "results.json").write_text(json.dumps(results, indent=1) + "\n")
    (BUILD / "results.svg").write_text(chart.draw(results, CHARTED))
    print(table(results))
    if not loads:
        print(f"missing: loads, for want of {given.large}")
    for peer in peers:
        if peer.missing:
            print(f"missing: {peer.title} ({peer.name}): {peer.missing}")
    print(f"also in {BUILD.relative_to(ROOT)}: results.json, results.svg")


if __name__ == "__main__":
    main()
