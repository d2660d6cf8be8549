#!/usr/bin/env bash
# Every test, on every engine, with guests in every language: installs what is missing, builds, runs.
# Arguments go to ctest: tools/test.sh -R conformance
set -euo pipefail
cd "$(dirname "$0")/.."

tools/install_dependencies.sh test
python3 tools/check_layers.py
cmake --preset dev
cmake --build --preset dev
ctest --preset dev "$@"
