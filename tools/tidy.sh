#!/usr/bin/env bash
# clang-tidy over what users run: the library and the program; with --all over tests, the conformance
# suite, examples and benchmarks too, which takes three times as long. Wants the preset clang configured
# and built, for its list of commands and what it generates.
set -euo pipefail
cd "$(dirname "$0")/.."

files=('src/*.cpp' ':!src/*_test.cpp')
[[ "${1:-}" == --all ]] && files=('*.cpp' ':!conformance/guests')
git ls-files -z "${files[@]}" |
  xargs -0 -n 4 -P "$(nproc)" clang-tidy-19 -p build/clang --quiet --warnings-as-errors='*'
