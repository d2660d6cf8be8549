# The guests of conformance/guests, built from source by the compilers of their languages:
#   guests        all of them           guest_hello   the example of the README
#   guest_<name>  one of them           guests_wat    those written in the text format
# A guest lands in WAPC_GUESTS_DIR as <name>.wasm, those in the text format as wat/<name>.wasm. Those
# named command-<language> are no guests of waPC, but programs for WASI.
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
# These work in one folder, which is locked: a second one would only hold a place while it waits.
set_property(GLOBAL APPEND PROPERTY JOB_POOLS wapc_assemblyscript=1 wapc_cargo=1 wapc_zig=1)

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
    wapc_guests_missing("clang is not installed (Debian: clang-19 lld-19)"
      c c-wasi cpp command-c command-cpp)
    return()
  endif()
  wapc_guests_clang_file(wasm32-wasi -print-prog-name=wasm-ld linker)
  wapc_guests_clang_file(wasm32-wasi -print-libgcc-file-name runtime)
  wapc_guests_clang_file(wasm32-wasi -print-file-name=libc.a libc)
  wapc_guests_clang_file(wasm32-wasi -print-file-name=libc++.a libcxx)
  if(NOT linker)
    wapc_guests_missing("clang has no linker for WebAssembly (Debian: lld-19)"
      c c-wasi cpp command-c command-cpp)
    return()
  endif()

  set(compile "${WAPC_GUEST_CLANG}" -O2 -Wall -Wextra -Werror -Wl,--strip-all)
  wapc_guest(c SOURCES c/guest.c c/wapc_guest.h
    COMMAND ${compile} --target=wasm32-unknown-unknown -std=c17 -ffreestanding -nostdlib -Wl,--no-entry
            "${wapc_guests_source}/c/guest.c" -o @OUTPUT@)

  list(APPEND compile --target=wasm32-wasi)
  set(c -std=c17)
  set(cpp --driver-mode=g++ -std=c++20 -fno-exceptions -fno-rtti)
  if(libc AND runtime)
    wapc_guest(c-wasi SOURCES c-wasi/guest.c c/wapc_guest.h
      COMMAND ${compile} ${c} -mexec-model=reactor "${wapc_guests_source}/c-wasi/guest.c" -o @OUTPUT@)
    wapc_guest(command-c SOURCES command/command.c
      COMMAND ${compile} ${c} "${wapc_guests_source}/command/command.c" -o @OUTPUT@)
  else()
    wapc_guests_missing("clang has no C library for WASI (Debian: wasi-libc libclang-rt-19-dev-wasm32)"
      c-wasi command-c)
  endif()
  if(libc AND runtime AND libcxx)
    wapc_guest(cpp SOURCES cpp/guest.cpp c/wapc_guest.h
      COMMAND ${compile} ${cpp} -mexec-model=reactor "${wapc_guests_source}/cpp/guest.cpp" -o @OUTPUT@)
    wapc_guest(command-cpp SOURCES command/command.cpp
      COMMAND ${compile} ${cpp} "${wapc_guests_source}/command/command.cpp" -o @OUTPUT@)
  else()
    wapc_guests_missing("clang has no C++ library for WASI (Debian: wasi-libc libclang-rt-19-dev-wasm32 \
libc++-19-dev-wasm32)" cpp command-cpp)
  endif()
endfunction()

# wapc_guest_with_lines(<version of DWARF>)
# Adds to WAPC_GUESTS_WITH_LINES the guest tests/integration/guests/traps.c, compiled with debug
# information, if there is a compiler.
function(wapc_guest_with_lines version)
  if(NOT c IN_LIST WAPC_GUESTS_BUILT)
    return()
  endif()
  set(source "${PROJECT_SOURCE_DIR}/tests/integration/guests")
  set(folder "${PROJECT_BINARY_DIR}/tests/integration/guests")
  set(output "${folder}/traps-${version}.wasm")
  file(MAKE_DIRECTORY "${folder}")
  # From the source's folder: its name in the lines is as it is given.
  add_custom_command(OUTPUT "${output}"
    COMMAND "${WAPC_GUEST_CLANG}" -g -gdwarf-${version} -O1 -Wall -Wextra -Werror -std=c17
            --target=wasm32-unknown-unknown -ffreestanding -nostdlib -Wl,--no-entry
            "-I${wapc_guests_source}/c" traps.c -o "${output}"
    WORKING_DIRECTORY "${source}" DEPENDS "${source}/traps.c" "${wapc_guests_source}/c/wapc_guest.h"
    COMMENT "Building guest traps-${version}" VERBATIM)
  list(APPEND WAPC_GUESTS_WITH_LINES "${output}")
  set(WAPC_GUESTS_WITH_LINES "${WAPC_GUESTS_WITH_LINES}" PARENT_SCOPE)
endfunction()

# --- AssemblyScript ------------------------------------------------------------------------------

# wapc_guest_assemblyscript(<name> <packages> <sources> <entry> SOURCES <file>... OPTIONS <option>...)
# The files' folder <sources> is given from conformance/guests; <entry> and the files are in it.
function(wapc_guest_assemblyscript name packages sources entry)
  cmake_parse_arguments(PARSE_ARGV 4 arg "" "" "SOURCES;OPTIONS")
  list(TRANSFORM arg_SOURCES PREPEND "${sources}/")
  set(script "${wapc_guests_scripts}/assemblyscript.sh")
  wapc_guest(${name} SCRIPT "${script}" JOB_POOL wapc_assemblyscript
    SOURCES ${packages}/package.json ${packages}/package-lock.json ${sources}/${entry} ${arg_SOURCES}
    COMMAND "${script}" "${wapc_guests_source}/${packages}" "${wapc_guests_source}/${sources}" ${entry}
            "${WAPC_DOWNLOAD_DIR}" @OUTPUT@ -O3 ${arg_OPTIONS})
endfunction()

function(wapc_guests_assemblyscript)
  find_program(WAPC_NODE NAMES node nodejs DOC "Node.js, for the guests in AssemblyScript")
  find_program(WAPC_NPM NAMES npm DOC "npm, for the guests in AssemblyScript")
  if(NOT WAPC_NODE OR NOT WAPC_NPM)
    wapc_guests_missing("Node.js 18 or later with npm is not installed (Debian: nodejs npm)"
      hello assemblyscript assemblyscript-old assemblyscript-wasi command-assemblyscript)
    return()
  endif()
  set(abort --use abort=assembly/index/abort)
  set(shim --config node_modules/@assemblyscript/wasi-shim/asconfig.json)
  wapc_guest_assemblyscript(hello hello hello/assembly index.ts OPTIONS ${abort} --outFile)
  wapc_guest_assemblyscript(assemblyscript assemblyscript assemblyscript/assembly index.ts
    SOURCES operations.ts OPTIONS ${abort} --outFile)
  wapc_guest_assemblyscript(assemblyscript-old assemblyscript-old assemblyscript/assembly plain.ts
    SOURCES operations.ts OPTIONS --binaryFile)
  wapc_guest_assemblyscript(assemblyscript-wasi assemblyscript assemblyscript/assembly wasi.ts
    SOURCES operations.ts files.ts OPTIONS ${shim} --exportStart _initialize --outFile)
  wapc_guest_assemblyscript(command-assemblyscript assemblyscript assemblyscript/assembly command.ts
    SOURCES files.ts OPTIONS ${shim} --outFile)
endfunction()

# --- Rust ----------------------------------------------------------------------------------------

# Whether `rustc` can compile for `target`: "ready" with a standard library at hand, "sources" where
# that has to be compiled first, or nothing.
function(wapc_guests_rustc_state rustc target result)
  set(${result} "" PARENT_SCOPE)
  execute_process(COMMAND "${rustc}" --version OUTPUT_VARIABLE version ERROR_QUIET)
  if(NOT version MATCHES "^rustc ([0-9.]+)" OR CMAKE_MATCH_1 VERSION_LESS 1.82)
    return()
  endif()
  execute_process(COMMAND "${rustc}" --print target-libdir --target ${target}
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

# What to set in the environment to compile for `target`, and the compiler; or nothing, after it has
# said that the guests <name>... cannot be built.
function(wapc_guests_rust_environment target result_environment result_rustc)
  # Debian's compiler and rustup's may both be here; the first that can do it is taken.
  find_program(WAPC_GUEST_CARGO_DEBIAN NAMES cargo PATHS /usr/bin NO_DEFAULT_PATH)
  find_program(WAPC_GUEST_CARGO NAMES cargo DOC "cargo, for the guests in Rust; rustc stands beside it")
  mark_as_advanced(WAPC_GUEST_CARGO_DEBIAN)
  set(${result_environment} "" PARENT_SCOPE)
  set(found "")
  foreach(cargo IN ITEMS "${WAPC_GUEST_CARGO}" "${WAPC_GUEST_CARGO_DEBIAN}")
    cmake_path(REPLACE_FILENAME cargo rustc OUTPUT_VARIABLE rustc)
    if(cargo AND EXISTS "${rustc}" AND NOT found STREQUAL "ready")
      wapc_guests_rustc_state("${rustc}" ${target} state)
      if(state STREQUAL "ready" OR (state AND NOT found))
        set(found "${state}")
        set(environment "CARGO=${cargo}" "RUSTC=${rustc}")
        set(${result_rustc} "${rustc}" PARENT_SCOPE)
      endif()
    endif()
  endforeach()
  if(NOT found)
    wapc_guests_missing("no Rust 1.82 or later that compiles for ${target} (rustup: rustup target add \
${target}. Debian: rustc-web cargo-web rust-web-src lld-19)" ${ARGN})
    return()
  endif()
  if(found STREQUAL "sources")
    find_program(WAPC_WASM_LD NAMES wasm-ld-19 wasm-ld-20 wasm-ld-21 wasm-ld-18 wasm-ld
      DOC "The linker for guests in Rust")
    if(NOT WAPC_WASM_LD)
      wapc_guests_missing("Rust has no linker for WebAssembly (Debian: lld-19)" ${ARGN})
      return()
    endif()
    string(TOUPPER "CARGO_TARGET_${target}_LINKER" linker)
    string(REPLACE - _ linker "${linker}")
    list(APPEND environment WAPC_RUST_BUILD_STD=1 "${linker}=${WAPC_WASM_LD}")
  endif()
  set(${result_environment} ${environment} PARENT_SCOPE)
endfunction()

# wapc_guest_rust(<name> <folder> <source> <target> ENVIRONMENT <entry>... OPTIONS <option>...)
function(wapc_guest_rust name folder source target)
  cmake_parse_arguments(PARSE_ARGV 4 arg "" "" "ENVIRONMENT;OPTIONS")
  set(script "${wapc_guests_scripts}/rust.sh")
  wapc_guest(${name} SCRIPT "${script}" JOB_POOL wapc_cargo
    SOURCES rust/Cargo.toml rust/Cargo.lock rust/${folder}/Cargo.toml rust/${folder}/src/${source}
    COMMAND "${CMAKE_COMMAND}" -E env ${arg_ENVIRONMENT} "${script}" "${wapc_guests_source}/rust"
            guest-${folder} ${target} "${WAPC_DOWNLOAD_DIR}/cargo-guests" @OUTPUT@ ${arg_OPTIONS})
endfunction()

function(wapc_guests_rust)
  set(target wasm32-unknown-unknown)
  wapc_guests_rust_environment(${target} environment rustc rust rust-0.4 rust-0.3)
  if(environment)
    wapc_guest_rust(rust newest lib.rs ${target} ENVIRONMENT ${environment})
    wapc_guest_rust(rust-0.4 v0_4 lib.rs ${target} ENVIRONMENT ${environment})
    wapc_guest_rust(rust-0.3 v0_3 lib.rs ${target} ENVIRONMENT ${environment})
  endif()
endfunction()

# The standard library on WASI is on a C library: the compiler's own, or the system's.
function(wapc_guests_rust_wasi)
  set(names rust-wasi command-rust)
  set(target wasm32-wasip1)
  wapc_guests_rust_environment(${target} environment rustc ${names})
  if(NOT environment)
    return()
  endif()
  execute_process(COMMAND "${rustc}" --print target-libdir --target ${target}
    OUTPUT_VARIABLE own OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  find_path(WAPC_WASI_LIBC NAMES crt1-reactor.o HINTS "${own}/self-contained"
    PATHS /usr/lib/wasm32-wasi NO_DEFAULT_PATH DOC "The folder of the C library for guests in Rust")
  if(NOT WAPC_WASI_LIBC)
    wapc_guests_missing("Rust has no C library for WASI (Debian: wasi-libc)" ${names})
    return()
  endif()
  set(options -Clink-self-contained=no "-Lnative=${WAPC_WASI_LIBC}")
  # For a library the compiler adds no start of its own, so none would call libc's constructors.
  wapc_guest_rust(rust-wasi wasi lib.rs ${target} ENVIRONMENT ${environment}
    OPTIONS ${options} "-Clink-arg=${WAPC_WASI_LIBC}/crt1-reactor.o" -Clink-arg=--export=_initialize)
  wapc_guest_rust(command-rust command main.rs ${target} ENVIRONMENT ${environment}
    OPTIONS ${options} "-Clink-arg=${WAPC_WASI_LIBC}/crt1-command.o")
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
    wapc_guests_missing("Go 1.24 or later is not installed (https://go.dev/dl. Debian 12's is too old)"
      go command-go)
    return()
  endif()
  set(script "${wapc_guests_scripts}/go.sh")
  wapc_guest(go SCRIPT "${script}" SOURCES go/go.mod go/main.go go/outside.go go/wapc.go
    COMMAND "${script}" "${wapc_guests_source}/go" . "${WAPC_GO}" @OUTPUT@ -buildmode=c-shared)
  wapc_guest(command-go SCRIPT "${script}" SOURCES go/go.mod go/command/main.go
    COMMAND "${script}" "${wapc_guests_source}/go" ./command "${WAPC_GO}" @OUTPUT@)
endfunction()

# wapc_guest_zig(<name> SOURCES <file>... OPTIONS <option>...)
# The first of the sources is compiled.
function(wapc_guest_zig name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;OPTIONS")
  list(GET arg_SOURCES 0 root)
  set(script "${wapc_guests_scripts}/zig.sh")
  wapc_guest(${name} SCRIPT "${script}" JOB_POOL wapc_zig SOURCES ${arg_SOURCES} zig/requirements.txt
    COMMAND "${script}" "${wapc_guests_source}/${root}" "${wapc_guests_source}/zig/requirements.txt"
            "${WAPC_DOWNLOAD_DIR}" "${WAPC_PYTHON}" @OUTPUT@ ${arg_OPTIONS})
endfunction()

function(wapc_guests_zig)
  find_program(WAPC_PYTHON NAMES python3 DOC "Python with pip, which fetches the Zig compiler")
  set(pip_failed 1)
  if(WAPC_PYTHON)
    execute_process(COMMAND "${WAPC_PYTHON}" -m pip --version
      RESULT_VARIABLE pip_failed OUTPUT_QUIET ERROR_QUIET)
  endif()
  if(pip_failed)
    wapc_guests_missing("Python 3 with pip is not installed (Debian: python3-pip)"
      zig zig-wasi command-zig)
    return()
  endif()
  set(guest -fno-entry -rdynamic)
  wapc_guest_zig(zig SOURCES zig/guest.zig zig/outside.zig
    OPTIONS -target wasm32-freestanding ${guest})
  wapc_guest_zig(zig-wasi SOURCES zig/guest.zig zig/outside.zig
    OPTIONS -target wasm32-wasi -mexec-model=reactor ${guest})
  wapc_guest_zig(command-zig SOURCES command/command.zig OPTIONS -target wasm32-wasi)
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
wapc_guests_rust_wasi()
wapc_guests_go()
wapc_guests_zig()
wapc_guests_wat()

get_property(WAPC_GUESTS_BUILT GLOBAL PROPERTY WAPC_GUESTS_BUILT)
get_property(WAPC_GUESTS_MISSING GLOBAL PROPERTY WAPC_GUESTS_MISSING)
list(JOIN WAPC_GUESTS_MISSING "\n" wapc_guests_missing_lines)
file(CONFIGURE OUTPUT "${WAPC_GUESTS_DIR}/missing.txt" CONTENT "@wapc_guests_missing_lines@\n" @ONLY)
