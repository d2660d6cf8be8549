"""Turns Google Benchmark's JSON into a table of ratios: each row's best time of each competitor, in
nanoseconds for one item, and how many times the floor's best it is."""

import json
import sys


def best_times(report):
    """{row: {who: nanoseconds}}: the least of all repetitions, rows in the order of the program."""
    rows = {}
    for run in sorted(report["benchmarks"], key=lambda run: run["family_index"]):
        if run["run_type"] != "iteration" or run.get("error_occurred"):
            continue
        row, _, who = run["run_name"].split("/repeats:")[0].rpartition("/")
        nanoseconds = run["real_time"] * {"ns": 1, "us": 1e3, "ms": 1e6, "s": 1e9}[run["time_unit"]]
        if "items_per_second" in run:  # Several items in one iteration.
            nanoseconds = 1e9 / run["items_per_second"]
        best = rows.setdefault(row, {})
        best[who] = min(best.get(who, nanoseconds), nanoseconds)
    return rows


def main():
    rows = best_times(json.load(sys.stdin))
    others = sorted({who for times in rows.values() for who in times} - {"floor"}, reverse=True)
    print(f"{'ns, best':24}{'floor':>12}" + "".join(f"{who:>20}" for who in others))
    for row, times in rows.items():
        floor = times.get("floor")
        line = f"{row:24}{floor:12,.0f}" if floor else f"{row:24}{'-':>12}"
        for who in others:
            cell = "-"
            if who in times:
                cell = f"{times[who]:,.0f}" + (f" ({times[who] / floor:.2f}x)" if floor else "")
            line += f"{cell:>20}"
        print(line)


if __name__ == "__main__":
    main()
