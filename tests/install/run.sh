#!/usr/bin/env bash
# Builds and runs programs of users: the README's program with find_package, programs with one engine
# alone (by find_package, pkg-config and add_subdirectory), and looks that those link nothing of the
# other engine. Everything happens in build/consumers.
set -euo pipefail
cd "$(dirname "$0")/../.."
root=$PWD
work=$root/build/consumers
hello=$root/build/guests/hello.wasm
rm -rf "$work"
mkdir -p "$work"

fail() {
  echo "tests/install: $1" >&2
  exit 1
}

# expect_hello PROGRAM: it calls the guest of the README.
expect_hello() {
  local said
  said=$("$1" "$hello") || fail "$1 failed"
  grep -qx 'hello world!' <<<"$said" || fail "$1 said: $said"
  echo "ok: ${1#"$work"/}"
}

# expect_without PROGRAM ENGINE: it holds no symbol of the engine, and asks for no library of it.
expect_without() {
  local symbols libraries
  symbols=$(nm -C "$1")
  libraries=$(ldd "$1")
  grep -q wapc:: <<<"$symbols" || fail "$1 has no symbols to look at"
  ! grep -q "$2" <<<"$symbols" || fail "$1 links $2"
  ! grep -q "lib$2" <<<"$libraries" || fail "$1 asks for lib$2"
}

cmake --preset release --log-level=WARNING >/dev/null
# No more than tools/hello.sh builds: that must be enough to install.
cmake --build --preset release --target wapc_cli wapc_libraries guest_hello
cmake --install build/release --prefix "$work/prefix" >/dev/null
test -x "$work/prefix/bin/wapc"
"$work/prefix/bin/wapc" engines >/dev/null || fail "the installed program does not run"
grep -rIl -e "$root" "$work/prefix" && fail "what is installed names the build's folders" || true
mv "$work/prefix" "$work/moved"  # An installation can be moved.

# The README's own program and build file.
mkdir "$work/readme"
python3 tools/readme_block.py cpp >"$work/readme/main.cpp"
python3 tools/readme_block.py cmake >"$work/readme/CMakeLists.txt"
cmake -S "$work/readme" -B "$work/readme/build" -G Ninja -DCMAKE_PREFIX_PATH="$work/moved" \
  -DCMAKE_CXX_FLAGS='-Wall -Wextra -Werror' >/dev/null
cmake --build "$work/readme/build" >/dev/null
expect_hello "$work/readme/build/plugins"
expect_without "$work/readme/build/plugins" wasm3

# One engine alone, three ways.
for engine in wasmtime wasm3; do
  other=$([[ $engine == wasm3 ]] && echo wasmtime || echo wasm3)
  source=$work/$engine/main.cpp
  mkdir "$work/$engine"
  sed "s/wasmtime/$engine/g" "$work/readme/main.cpp" >"$source"
  sed "s/wasmtime/$engine/g" "$work/readme/CMakeLists.txt" >"$work/$engine/CMakeLists.txt"

  cmake -S "$work/$engine" -B "$work/$engine/build" -G Ninja -DCMAKE_PREFIX_PATH="$work/moved" \
    >/dev/null
  cmake --build "$work/$engine/build" >/dev/null
  expect_hello "$work/$engine/build/plugins"
  expect_without "$work/$engine/build/plugins" "$other"

  PKG_CONFIG_PATH=$(dirname "$(find "$work/moved" -name wapc.pc)")
  export PKG_CONFIG_PATH
  # shellcheck disable=SC2046  # The flags are words.
  g++ -std=c++23 "$source" -o "$work/$engine/by-pkg-config" \
    $(pkg-config --cflags --libs "wapc-$engine")
  expect_hello "$work/$engine/by-pkg-config"

  cat >"$work/$engine/CMakeLists.txt" <<EOF
cmake_minimum_required(VERSION 3.25)
project(plugins LANGUAGES C CXX)
set(WAPC_ENGINE_${other^^} OFF)
add_subdirectory("$root" wapc)
add_executable(plugins main.cpp)
target_link_libraries(plugins PRIVATE wapc::wapc wapc::$engine)
EOF
  cmake -S "$work/$engine" -B "$work/$engine/sub" -G Ninja -DCMAKE_CXX_COMPILER_LAUNCHER=ccache \
    -DCMAKE_C_COMPILER_LAUNCHER=ccache -DWAPC_DOWNLOAD_DIR="$root/build/_deps" >/dev/null
  cmake --build "$work/$engine/sub" --target plugins >/dev/null
  expect_hello "$work/$engine/sub/plugins"
  expect_without "$work/$engine/sub/plugins" "$other"
done

# A program without exceptions can use all of the public headers, imports of its own included.
# shellcheck disable=SC2046
g++ -std=c++23 -fno-exceptions -fsyntax-only examples/own_imports.cpp $(pkg-config --cflags wapc)
echo "ok: without exceptions"
