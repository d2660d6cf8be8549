#!/usr/bin/env bash
# Installs what is missing of the Debian packages that waPC for C++ is built with.
#   tools/install_dependencies.sh          to build the library and the program
#   tools/install_dependencies.sh test     to run every test too, with guests in every language
# Needs root, or sudo, only when something is missing. The language toolchains themselves (Rust
# 1.88 or newer, Node.js 18 or newer with npm, Python 3 with pip, and for the tests Go 1.24 or
# newer) are not Debian's: where one is missing, this says so.
set -euo pipefail

packages=(g++ binutils cmake ninja-build ccache patch
          libcli11-dev libfmt-dev libtomlplusplus-dev nlohmann-json3-dev)
toolchains=(cargo npm python3)
if [[ "${1:-}" == test ]]; then
  packages+=(libgtest-dev libgmock-dev libbenchmark-dev pkg-config
             clang-19 lld-19 clang-tidy-19 clang-format-19 libclang-rt-19-dev
             wabt wasi-libc libclang-rt-19-dev-wasm32 libc++-19-dev-wasm32 libc++abi-19-dev-wasm32
             rustc-web cargo-web rust-web-src)
  toolchains+=(go)
fi

missing=()
for package in "${packages[@]}"; do
  state=$(dpkg-query -W -f='${Status}' "$package" 2>/dev/null || true)
  [[ "$state" == "install ok installed" ]] || missing+=("$package")
done
if ((${#missing[@]})); then
  echo "Installing ${missing[*]}"
  sudo=$([[ $EUID == 0 ]] || echo sudo)
  $sudo apt-get -qq update
  DEBIAN_FRONTEND=noninteractive $sudo apt-get -qq install -y --no-install-recommends \
    "${missing[@]}" >/dev/null
fi

for toolchain in "${toolchains[@]}"; do
  command -v "$toolchain" >/dev/null || {
    echo "install_dependencies.sh: $toolchain is not installed; see the head of this script" >&2
    exit 1
  }
done
