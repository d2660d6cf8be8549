"""Checks that every include in include/wapc and src points down the table in layers.txt."""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
INCLUDE = re.compile(r'#include ["<](?:wapc/)?([a-z0-9_/]+)\.hpp[">]')


def read_layers():
    """Each folder with all that it may include: itself, what it stands on, and so on down."""
    layers = {}
    for line in (ROOT / "tools/layers.txt").read_text().splitlines():
        if not line or line.startswith("#"):
            continue
        folder, _, below = line.partition(":")
        for name in below.split():
            if name not in layers:
                sys.exit(f"layers.txt: {folder} stands on {name}, which is not above it in the file")
        layers[folder] = {folder}.union(*(layers[name] for name in below.split()))
    return layers


def main():
    layers = read_layers()

    def layer_of(path):
        # A provider's one public header stands beside its folder: providers/wasm3.hpp.
        return max((f for f in layers if path.startswith((f + "/", f + "."))), key=len, default=None)

    wrong = []
    for tree in ("include/wapc", "src"):
        for file in sorted((ROOT / tree).rglob("*.[ch]pp")):
            path = file.relative_to(ROOT / tree).as_posix()
            here = layer_of(path)
            if "/" not in path or file.stem.endswith(("_test", "_bench", "_fuzz")):
                continue
            if here is None:
                wrong.append(f"{tree}/{path}: its folder is not in layers.txt")
                continue
            for number, text in enumerate(file.read_text().splitlines(), 1):
                match = INCLUDE.match(text)
                there = layer_of(match[1] + ".hpp") if match and "/" in match[1] else None
                if there and there not in layers[here]:
                    wrong.append(f"{tree}/{path}:{number}: {here} may not include from {there}")
    print(*wrong, f"{len(layers)} layers, {len(wrong)} faults", sep="\n")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
