"""What bench/run.sh shows of what was measured.

report.py table NAME  turns Google Benchmark's JSON, or lines `row/who bytes`, into a table in Markdown: each
                      row's best of each competitor, and how many times its floor's best it is. The floor of
                      `x` is `x floor`, else `floor`. Keeps the numbers (nanoseconds or bytes) under NAME in
                      results.json.
report.py draw        draws those of calls and loads.
"""

import json
import pathlib
import re
import sys

import chart

OUT = pathlib.Path(__file__).resolve().parents[1] / "build" / "bench"
RESULTS = OUT / "results.json"
DRAWN = ["nop", "echo 64 B", "echo 4 KiB", "echo 64 KiB", "echo 1 MiB", "one host call",
         "1,000 host calls", "fresh instance + call", "fresh instance + call, in slots",
         "replace + call", "load", "load from cache, a file"]
GAIN = "a second thread gains"


def best_times(report):
    """{row: {who: nanoseconds}}: the least of all repetitions, rows in the order of the program."""
    rows = {}
    for run in sorted(report["benchmarks"], key=lambda run: run["family_index"]):
        if run["run_type"] != "iteration" or run.get("error_occurred"):
            continue
        row, who = re.match(r"([^/]+)/([^/]+)", run["run_name"]).groups()
        nanoseconds = run["real_time"] * {"ns": 1, "us": 1e3, "ms": 1e6, "s": 1e9}[run["time_unit"]]
        if "items_per_second" in run:  # Several items in one iteration, or on several threads.
            nanoseconds = 1e9 / run["items_per_second"]
        best = rows.setdefault(row, {})
        best[who] = min(best.get(who, nanoseconds), nanoseconds)
    return rows


def with_gain(rows):
    """In place of the times on one thread and on two, how many times as much two get done."""
    one = {row: rows.pop(row) for row in list(rows) if row.endswith(", threads: 1")}
    for row, times in one.items():
        two = rows.pop(row[:-1] + "2")
        rows[GAIN] = {who: time / two[who] for who, time in times.items() if who in two}
    return rows


def bytes_each(lines):
    rows = {}
    for line in lines:
        name, _, number = line.rpartition(" ")
        row, _, who = name.rpartition("/")
        rows.setdefault(row, {})[who] = float(number)
    return rows


def cell(row, who, times, show):
    if who not in times:
        return "–"
    if row == GAIN:
        return f"{times[who]:.2f}x"
    floor = times.get(f"{who} floor", times.get("floor") if "floor" not in who else None)
    return show(times[who]) + (f" ({times[who] / floor:.2f})" if floor else "")


def columns(rows):
    """The floors before what is held against them."""
    every = {who for times in rows.values() for who in times}
    return sorted(every, key=lambda who: (who != "floor", "wasm3" in who, "floor" not in who, who))


def table(rows, show):
    names = columns(rows)
    lines = [["", *names], *([row, *(cell(row, who, times, show) for who in names)]
                             for row, times in rows.items())]
    widths = [max(map(len, column)) for column in zip(*lines)]
    lines = ["| " + " | ".join(map(str.ljust, line, widths)) + " |" for line in lines]
    return "\n".join([lines[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|",
                      *lines[1:]])


def kept():
    return json.loads(RESULTS.read_text()) if RESULTS.exists() else {}


def draw():
    results = {}
    for table in ("calls", "loads"):
        for row, times in kept().get(table, {}).items():
            for who in columns({row: times}):
                title = who if "floor" in who else f"waPC C++, {who}"
                results.setdefault(title, {})[row] = times[who]
    (OUT / "results.svg").write_text(chart.draw(results, DRAWN))


def main():
    if sys.argv[1] == "draw":
        draw()
        return
    text = sys.stdin.read()
    if text.startswith("{"):
        rows = with_gain(best_times(json.loads(text)))
        print(table(rows, chart.duration))
    else:
        rows = bytes_each(text.splitlines())
        print(table(rows, "{:,.0f} B".format))
    RESULTS.write_text(json.dumps(kept() | {sys.argv[2]: rows}, indent=1) + "\n")


if __name__ == "__main__":
    main()
