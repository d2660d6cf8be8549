# The guests of conformance/guests, built from source by the compilers of their languages:
#   guests        all of them           guest_hello   the example of the README
#   guest_<name>  one of them           guests_wat    those written in the text format
# A guest lands in WAPC_GUESTS_DIR as <name>.wasm, those in the text format as wat/<name>.wasm.
#
# A compiler that cannot be had costs its guests, visibly: a warning says what to install, and
# WAPC_GUESTS_MISSING lists <name>=<reason>, as does WAPC_GUESTS_DIR/missing.txt, line by line, for a
# test to skip them by name. WAPC_GUESTS_BUILT lists the others. WAPC_REQUIRE_ALL_GUESTS makes the
# warnings errors.

option(WAPC_REQUIRE_ALL_GUESTS "Fail where the compiler of a guest cannot be had" OFF)
set(WAPC_GUESTS_DIR "${CMAKE_BINARY_DIR}/guests" CACHE PATH
  "Where the guests are built; several build trees may share it")

set(wapc_guests_source "${PROJECT_SOURCE_DIR}/conformance/guests")
set(wapc_guests_scripts "${wapc_guests_source}/scripts")
set_property(GLOBAL PROPERTY WAPC_GUESTS_BUILT "")
set_property(GLOBAL PROPERTY WAPC_GUESTS_MISSING "")
# Cargo locks its folder: a second one would only hold a place while it waits.
set_property(GLOBAL APPEND PROPERTY JOB_POOLS wapc_cargo=1)

add_custom_target(guests)

# wapc_guest(<name> SOURCES <file>... [SCRIPT <file>] [JOB_POOL <pool>] COMMAND <command>...)
# A guest that the command makes from the sources, named from conformance/guests, with the help of the
# script. "@OUTPUT@" in the command stands for the file to make.
function(wapc_guest name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "SCRIPT;JOB_POOL" "SOURCES;COMMAND")
  set(output "${WAPC_GUESTS_DIR}/${name}.wasm")
  list(TRANSFORM arg_SOURCES PREPEND "${wapc_guests_source}/")
  list(APPEND arg_SOURCES "${wapc_guests_scripts}/shared.sh" ${arg_SCRIPT})
  list(TRANSFORM arg_COMMAND REPLACE "^@OUTPUT@$" "${output}")
  if(arg_JOB_POOL)
    set(pool JOB_POOL ${arg_JOB_POOL})
  endif()
  add_custom_command(OUTPUT "${output}"
    COMMAND "${wapc_guests_scripts}/once.sh" "${output}" ${arg_SOURCES} -- ${arg_COMMAND}
    DEPENDS ${arg_SOURCES} "${wapc_guests_scripts}/once.sh"
    COMMENT "Building guest ${name}" ${pool} VERBATIM)
  add_custom_target(guest_${name} DEPENDS "${output}")
  add_dependencies(guests guest_${name})
  set_property(GLOBAL APPEND PROPERTY WAPC_GUESTS_BUILT "${name}")
endfunction()

# wapc_guests_missing(<reason> <name>...)
# Guests that cannot be built here, and what would help.
function(wapc_guests_missing reason)
  list(JOIN ARGN ", " names)
  if(WAPC_REQUIRE_ALL_GUESTS)
    message(SEND_ERROR "No guest ${names}: ${reason}")
  else()
    message(WARNING "No guest ${names}: ${reason}")
  endif()
  foreach(name IN LISTS ARGN)
    set_property(GLOBAL APPEND PROPERTY WAPC_GUESTS_MISSING "${name}=${reason}")
    add_custom_target(guest_${name}
      COMMAND "${CMAKE_COMMAND}" -E echo "No guest ${name}: ${reason}"
      COMMAND "${CMAKE_COMMAND}" -E false VERBATIM)
  endforeach()
endfunction()

# --- C and C++ -----------------------------------------------------------------------------------

# The path that clang gives for a file of its target's libraries, or nothing where there is none.
function(wapc_guests_clang_file target question result)
  execute_process(COMMAND "${WAPC_GUEST_CLANG}" --target=${target} ${question}
    OUTPUT_VARIABLE path OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  if(IS_ABSOLUTE "${path}" AND EXISTS "${path}")
    set(${result} "${path}" PARENT_SCOPE)
  else()
    set(${result} "" PARENT_SCOPE)
  endif()
endfunction()

function(wapc_guests_c)
  find_program(WAPC_GUEST_CLANG NAMES clang-19 clang-20 clang-21 clang-18 clang
    DOC "clang, which compiles the guests in C and C++")
  if(NOT WAPC_GUEST_CLANG)
    wapc_guests_missing("clang is not installed (Debian: clang-19 lld-19)" c c-wasi cpp)
    return()
  endif()
  wapc_guests_clang_file(wasm32-wasi -print-prog-name=wasm-ld linker)
  wapc_guests_clang_file(wasm32-wasi -print-libgcc-file-name runtime)
  wapc_guests_clang_file(wasm32-wasi -print-file-name=libc.a libc)
  wapc_guests_clang_file(wasm32-wasi -print-file-name=libc++.a libcxx)
  if(NOT linker)
    wapc_guests_missing("clang has no linker for WebAssembly (Debian: lld-19)" c c-wasi cpp)
    return()
  endif()

  set(compile "${WAPC_GUEST_CLANG}" -O2 -Wall -Wextra -Werror -Wl,--strip-all)
  wapc_guest(c SOURCES c/guest.c c/wapc_guest.h
    COMMAND ${compile} --target=wasm32-unknown-unknown -std=c17 -ffreestanding -nostdlib -Wl,--no-entry
            "${wapc_guests_source}/c/guest.c" -o @OUTPUT@)

  list(APPEND compile --target=wasm32-wasi -mexec-model=reactor)
  if(libc AND runtime)
    wapc_guest(c-wasi SOURCES c-wasi/guest.c c/wapc_guest.h
      COMMAND ${compile} -std=c17 "${wapc_guests_source}/c-wasi/guest.c" -o @OUTPUT@)
  else()
    wapc_guests_missing("clang has no C library for WASI (Debian: wasi-libc libclang-rt-19-dev-wasm32)"
      c-wasi)
  endif()
  if(libc AND runtime AND libcxx)
    wapc_guest(cpp SOURCES cpp/guest.cpp c/wapc_guest.h
      COMMAND ${compile} --driver-mode=g++ -std=c++20 -fno-exceptions -fno-rtti
              "${wapc_guests_source}/cpp/guest.cpp" -o @OUTPUT@)
  else()
    wapc_guests_missing("clang has no C++ library for WASI (Debian: wasi-libc libclang-rt-19-dev-wasm32 \
libc++-19-dev-wasm32)" cpp)
  endif()
endfunction()

# --- AssemblyScript ------------------------------------------------------------------------------

function(wapc_guests_assemblyscript)
  find_program(WAPC_NODE NAMES node nodejs DOC "Node.js, for the guests in AssemblyScript")
  find_program(WAPC_NPM NAMES npm DOC "npm, for the guests in AssemblyScript")
  if(NOT WAPC_NODE OR NOT WAPC_NPM)
    wapc_guests_missing("Node.js 18 or later with npm is not installed (Debian: nodejs npm)"
      hello assemblyscript assemblyscript-old)
    return()
  endif()
  set(script "${wapc_guests_scripts}/assemblyscript.sh")
  set(source "${wapc_guests_source}")
  wapc_guest(hello SCRIPT "${script}"
    SOURCES hello/package.json hello/package-lock.json hello/assembly/index.ts
    COMMAND "${script}" "${source}/hello" "${source}/hello/assembly" index.ts "${WAPC_DOWNLOAD_DIR}"
            @OUTPUT@ -O3 --use abort=assembly/index/abort --outFile)
  wapc_guest(assemblyscript SCRIPT "${script}"
    SOURCES assemblyscript/package.json assemblyscript/package-lock.json
            assemblyscript/assembly/index.ts assemblyscript/assembly/operations.ts
    COMMAND "${script}" "${source}/assemblyscript" "${source}/assemblyscript/assembly" index.ts
            "${WAPC_DOWNLOAD_DIR}" @OUTPUT@ -O3 --use abort=assembly/index/abort --outFile)
  wapc_guest(assemblyscript-old SCRIPT "${script}"
    SOURCES assemblyscript-old/package.json assemblyscript-old/package-lock.json
            assemblyscript/assembly/plain.ts assemblyscript/assembly/operations.ts
    COMMAND "${script}" "${source}/assemblyscript-old" "${source}/assemblyscript/assembly" plain.ts
            "${WAPC_DOWNLOAD_DIR}" @OUTPUT@ -O3 --binaryFile)
endfunction()

# --- Rust ----------------------------------------------------------------------------------------

# Whether `rustc` can compile for WebAssembly: "ready" with a standard library at hand, "sources" where
# that has to be compiled first, or nothing.
function(wapc_guests_rustc_state rustc result)
  set(${result} "" PARENT_SCOPE)
  execute_process(COMMAND "${rustc}" --version OUTPUT_VARIABLE version ERROR_QUIET)
  if(NOT version MATCHES "^rustc ([0-9.]+)" OR CMAKE_MATCH_1 VERSION_LESS 1.82)
    return()
  endif()
  execute_process(COMMAND "${rustc}" --print target-libdir --target wasm32-unknown-unknown
    OUTPUT_VARIABLE libraries OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  execute_process(COMMAND "${rustc}" --print sysroot
    OUTPUT_VARIABLE sysroot OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  file(GLOB std "${libraries}/libstd-*.rlib")
  if(std)
    set(${result} ready PARENT_SCOPE)
  elseif(EXISTS "${sysroot}/lib/rustlib/src/rust/library/std/Cargo.toml")
    set(${result} sources PARENT_SCOPE)
  endif()
endfunction()

function(wapc_guests_rust)
  set(names rust rust-0.4 rust-0.3)
  # Debian's compiler and rustup's may both be here; the first that can do it is taken.
  find_program(WAPC_GUEST_CARGO_DEBIAN NAMES cargo PATHS /usr/bin NO_DEFAULT_PATH)
  find_program(WAPC_GUEST_CARGO NAMES cargo DOC "cargo, for the guests in Rust; rustc stands beside it")
  mark_as_advanced(WAPC_GUEST_CARGO_DEBIAN)
  set(found "")
  foreach(cargo IN ITEMS "${WAPC_GUEST_CARGO}" "${WAPC_GUEST_CARGO_DEBIAN}")
    cmake_path(REPLACE_FILENAME cargo rustc OUTPUT_VARIABLE rustc)
    if(cargo AND EXISTS "${rustc}" AND NOT found STREQUAL "ready")
      wapc_guests_rustc_state("${rustc}" state)
      if(state STREQUAL "ready" OR (state AND NOT found))
        set(found "${state}")
        set(environment "CARGO=${cargo}" "RUSTC=${rustc}")
      endif()
    endif()
  endforeach()
  if(NOT found)
    wapc_guests_missing("no Rust 1.82 or later that compiles for wasm32-unknown-unknown (rustup: rustup \
target add wasm32-unknown-unknown. Debian: rustc-web cargo-web rust-web-src lld-19)" ${names})
    return()
  endif()
  if(found STREQUAL "sources")
    find_program(WAPC_WASM_LD NAMES wasm-ld-19 wasm-ld-20 wasm-ld-21 wasm-ld-18 wasm-ld
      DOC "The linker for guests in Rust")
    if(NOT WAPC_WASM_LD)
      wapc_guests_missing("Rust has no linker for WebAssembly (Debian: lld-19)" ${names})
      return()
    endif()
    list(APPEND environment WAPC_RUST_BUILD_STD=1
      "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER=${WAPC_WASM_LD}")
  endif()

  foreach(entry IN ITEMS rust=newest rust-0.4=v0_4 rust-0.3=v0_3)
    string(REGEX MATCH "^(.*)=(.*)$" matched "${entry}")
    set(name "${CMAKE_MATCH_1}")
    set(folder "${CMAKE_MATCH_2}")
    wapc_guest(${name} SCRIPT "${wapc_guests_scripts}/rust.sh" JOB_POOL wapc_cargo
      SOURCES rust/Cargo.toml rust/Cargo.lock rust/${folder}/Cargo.toml rust/${folder}/src/lib.rs
      COMMAND "${CMAKE_COMMAND}" -E env ${environment} "${wapc_guests_scripts}/rust.sh"
              "${wapc_guests_source}/rust" guest-${folder} "${WAPC_DOWNLOAD_DIR}/cargo-guests" @OUTPUT@)
  endforeach()
endfunction()

# --- Go and Zig ----------------------------------------------------------------------------------

function(wapc_guests_go)
  find_program(WAPC_GO NAMES go HINTS /usr/local/go/bin DOC "Go, for the guest in Go")
  set(version 0)
  if(WAPC_GO)
    execute_process(COMMAND "${WAPC_GO}" version OUTPUT_VARIABLE version ERROR_QUIET)
    string(REGEX MATCH "go([0-9]+\\.[0-9]+)" matched "${version}")
    set(version "${CMAKE_MATCH_1}")
  endif()
  if(version VERSION_LESS 1.24)
    wapc_guests_missing("Go 1.24 or later is not installed (https://go.dev/dl; Debian 12's is too old)" go)
    return()
  endif()
  set(script "${wapc_guests_scripts}/go.sh")
  wapc_guest(go SCRIPT "${script}" SOURCES go/go.mod go/main.go go/wapc.go
    COMMAND "${script}" "${wapc_guests_source}/go" "${WAPC_GO}" @OUTPUT@)
endfunction()

function(wapc_guests_zig)
  find_program(WAPC_PYTHON NAMES python3 DOC "Python with pip, which fetches the Zig compiler")
  set(pip_failed 1)
  if(WAPC_PYTHON)
    execute_process(COMMAND "${WAPC_PYTHON}" -m pip --version
      RESULT_VARIABLE pip_failed OUTPUT_QUIET ERROR_QUIET)
  endif()
  if(pip_failed)
    wapc_guests_missing("Python 3 with pip is not installed (Debian: python3-pip)" zig)
    return()
  endif()
  set(script "${wapc_guests_scripts}/zig.sh")
  wapc_guest(zig SCRIPT "${script}" SOURCES zig/guest.zig zig/requirements.txt
    COMMAND "${script}" "${wapc_guests_source}/zig/guest.zig" "${wapc_guests_source}/zig/requirements.txt"
            "${WAPC_DOWNLOAD_DIR}" "${WAPC_PYTHON}" @OUTPUT@)
endfunction()

# --- The text format -----------------------------------------------------------------------------

# wapc_guest_from_text(<source> <output>)
# Compiles one module of the text format. A module that is invalid on purpose says so by naming
# --no-check in a comment at the start of a line.
function(wapc_guest_from_text source output)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${source}")
  file(STRINGS "${source}" unchecked REGEX "^;;.*--no-check")
  set(flags --enable-all)
  if(unchecked)
    list(APPEND flags --no-check)
  endif()
  cmake_path(GET output PARENT_PATH folder)
  file(MAKE_DIRECTORY "${folder}")
  cmake_path(GET source STEM LAST_ONLY name)
  add_custom_command(OUTPUT "${output}"
    COMMAND "${WAPC_WAT2WASM}" ${flags} "${source}" -o "${output}"
    DEPENDS "${source}" COMMENT "Building guest wat/${name}" VERBATIM)
endfunction()

# Each conformance/guests/wat/<name>.wat becomes wat/<name>.wasm.
function(wapc_guests_wat)
  find_program(WAPC_WAT2WASM NAMES wat2wasm DOC "wat2wasm, for the guests in the text format")
  if(NOT WAPC_WAT2WASM)
    wapc_guests_missing("wat2wasm is not installed (Debian: wabt)" wat)
    add_custom_target(guests_wat DEPENDS guest_wat)
    return()
  endif()
  file(GLOB sources CONFIGURE_DEPENDS "${wapc_guests_source}/wat/*.wat")
  set(outputs "")
  foreach(source IN LISTS sources)
    cmake_path(GET source STEM LAST_ONLY name)
    wapc_guest_from_text("${source}" "${WAPC_GUESTS_DIR}/wat/${name}.wasm")
    list(APPEND outputs "${WAPC_GUESTS_DIR}/wat/${name}.wasm")
  endforeach()
  add_custom_target(guests_wat DEPENDS ${outputs})
  add_dependencies(guests guests_wat)
  set_property(GLOBAL APPEND PROPERTY WAPC_GUESTS_BUILT wat)
endfunction()

wapc_guests_c()
wapc_guests_assemblyscript()
wapc_guests_rust()
wapc_guests_go()
wapc_guests_zig()
wapc_guests_wat()

get_property(WAPC_GUESTS_BUILT GLOBAL PROPERTY WAPC_GUESTS_BUILT)
get_property(WAPC_GUESTS_MISSING GLOBAL PROPERTY WAPC_GUESTS_MISSING)
list(JOIN WAPC_GUESTS_MISSING "\n" wapc_guests_missing_lines)
file(CONFIGURE OUTPUT "${WAPC_GUESTS_DIR}/missing.txt" CONTENT "@wapc_guests_missing_lines@\n" @ONLY)
