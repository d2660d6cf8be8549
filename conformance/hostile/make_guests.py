#!/usr/bin/env python3
"""Writes the hostile guests and their manifest into a folder: make_guests.py FOLDER [WAT2WASM]

Each module below is one class of hostility.
"""

import sys

import aftermath
import corpus
import denials
import encoding
import endless
import floods
import interfaces
import limits
import malformed
import memory
import protocol
import stacks
import starts
import text
import traps
import wasi

CLASSES = [malformed, encoding, interfaces, protocol, memory, endless, stacks, traps, starts, floods, wasi,
           denials,
           aftermath, limits]


def good_guest():
    """What must go on whatever the others do: it answers with the number of its calls."""
    return text.guest("(i32.store (i32.const 4096) (i32.add (i32.load (i32.const 4096)) (i32.const 1)))"
                      "(call $answer (i32.const 4096) (i32.const 4))")


def main():
    made = corpus.Corpus()
    for hostility in CLASSES:
        made.add_class(hostility.__name__, hostility.add)
    made.sources["good"] = (good_guest(), True)
    made.write(sys.argv[1], *(sys.argv[2:] or ["wat2wasm"]))


if __name__ == "__main__":
    main()
