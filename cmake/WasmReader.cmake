# wapc_add_reader(<target>)
# Builds the crate src/wasm/reader with cargo, and puts it into the static library <target> as one
# object file: nothing else has to be linked or installed. The object holds the crate and its own
# copy of Rust's standard library, and shows the linker no symbol but its C interface, so that a
# program may hold other Rust libraries, each with its own.
#
# Needs the GNU linker and objcopy, or tools that take the same options.
set(WAPC_CARGO_TARGET "" CACHE STRING "Rust's name of the machine to build for; empty for this one")

function(wapc_add_reader target)
  find_program(WAPC_CARGO cargo HINTS "$ENV{CARGO_HOME}/bin" "$ENV{HOME}/.cargo/bin"
    DOC "Rust's build tool, for the reader of WebAssembly modules")
  if(NOT WAPC_CARGO)
    message(FATAL_ERROR "waPC reads WebAssembly modules with a library written in Rust, and cargo "
      "was not found. Install Rust 1.88 or newer (rustup.rs), or set WAPC_CARGO to its cargo.")
  endif()
  if(NOT CMAKE_LINKER OR NOT CMAKE_OBJCOPY)
    message(FATAL_ERROR "waPC needs ld and objcopy to wrap its Rust library. Install binutils, or "
      "set CMAKE_LINKER and CMAKE_OBJCOPY.")
  endif()
  if(CMAKE_CROSSCOMPILING AND NOT WAPC_CARGO_TARGET)
    message(FATAL_ERROR "Building for another machine: set WAPC_CARGO_TARGET to Rust's name for it, "
      "such as aarch64-unknown-linux-gnu, and add that target with rustup.")
  endif()

  set(source "${PROJECT_SOURCE_DIR}/src/wasm/reader")
  set(build "${WAPC_DOWNLOAD_DIR}/wasm_reader")  # What cargo builds; build trees may share it.
  set(profile "${build}/release")
  set(machine "")
  if(WAPC_CARGO_TARGET)
    set(profile "${build}/${WAPC_CARGO_TARGET}/release")
    set(machine --target "${WAPC_CARGO_TARGET}")
  endif()
  set(object "${PROJECT_BINARY_DIR}/wapc_reader.o")
  # What a panic says names the source; it should not name this machine's folders.
  set(home "$ENV{HOME}/.cargo")
  if(DEFINED ENV{CARGO_HOME})
    set(home "$ENV{CARGO_HOME}")
  endif()
  # The target directory is explicit because CARGO_TARGET_DIR may be set. A group that several objects
  # may bring in (COMDAT) is made plain: the linker would match it by name with that of another Rust
  # library, and drop ours.
  add_custom_command(
    OUTPUT "${object}"
    COMMAND "${WAPC_CARGO}" build --quiet --release --locked ${machine}
      --manifest-path "${source}/Cargo.toml" --target-dir "${build}"
      --config "build.rustflags=['--remap-path-prefix=${home}=cargo']"
    COMMAND "${CMAKE_LINKER}" -r --gc-sections
      -u wapc_reader_read -u wapc_reader_lines -u wapc_reader_hash
      -o "${object}.whole" "${profile}/libwapc_reader.a"
    COMMAND "${CMAKE_OBJCOPY}" --strip-unneeded --remove-section=.group
      --keep-global-symbol=wapc_reader_read --keep-global-symbol=wapc_reader_lines
      --keep-global-symbol=wapc_reader_hash
      "${object}.whole" "${object}"
    COMMAND "${CMAKE_COMMAND}" -E rm "${object}.whole"
    DEPENDS "${source}/Cargo.toml" "${source}/Cargo.lock"
      "${source}/src/hash.rs" "${source}/src/lib.rs" "${source}/src/lines.rs"
    COMMENT "Building the reader of WebAssembly modules (Rust)"
    VERBATIM)
  set_source_files_properties("${object}" PROPERTIES EXTERNAL_OBJECT ON GENERATED ON)
  target_sources(${target} PRIVATE "${object}")
endfunction()
