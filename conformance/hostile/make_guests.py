#!/usr/bin/env python3
"""Writes the hostile guests and their manifest into a folder: make_guests.py FOLDER [WAT2WASM]

Each module beside this one that has a function `add` is one class of hostility.
"""

import importlib
import pathlib
import sys

import corpus
import text


def classes():
    names = sorted(path.stem for path in pathlib.Path(__file__).parent.glob("*.py"))
    modules = [importlib.import_module(name) for name in names if name != pathlib.Path(__file__).stem]
    return [module for module in modules if hasattr(module, "add")]


def good_guest():
    """What must go on whatever the others do: it answers with the number of its calls."""
    return text.guest("(i32.store (i32.const 4096) (i32.add (i32.load (i32.const 4096)) (i32.const 1)))"
                      "(call $answer (i32.const 4096) (i32.const 4))")


def main():
    made = corpus.Corpus()
    for hostility in classes():
        made.add_class(hostility.__name__, hostility.add)
    made.sources["good"] = (good_guest(), True)
    made.write(sys.argv[1], *(sys.argv[2:] or ["wat2wasm"]))


if __name__ == "__main__":
    main()
