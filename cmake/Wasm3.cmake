# The object library wapc_wasm3_engine: wasm3, from the C source in the crate that cargo knows as
# wasm3x-sys (pinned with its checksum in cmake/wasm3/Cargo.lock). It is fetched at configure time
# into WAPC_DOWNLOAD_DIR, copied into the build tree and patched there with cmake/wasm3/*.patch; each
# patch says what it changes and why.


set(wapc_wasm3_version 0.9.0)
set(wapc_wasm3_crate 0.2.1)  # What cmake/wasm3/Cargo.lock pins.
set(wapc_wasm3_pins "${CMAKE_CURRENT_LIST_DIR}/wasm3")

# Fetches the source into `target`: beside it first, so that it is there whole or not at all.
function(wapc_wasm3_fetch target)
  set(advice "It takes a network (or what cargo has fetched before) and cargo. Or configure with "
    "-DWAPC_ENGINE_WASM3=OFF.")
  list(JOIN advice "" advice)
  find_program(WAPC_CARGO NAMES cargo HINTS "$ENV{CARGO_HOME}/bin" "$ENV{HOME}/.cargo/bin")
  mark_as_advanced(WAPC_CARGO)
  if(NOT WAPC_CARGO)
    message(FATAL_ERROR "Fetching wasm3's source takes cargo, which was not found. ${advice}")
  endif()
  message(STATUS "Fetching wasm3 ${wapc_wasm3_version} into ${target}")
  set(work "${target}.partial")
  file(REMOVE_RECURSE "${work}")
  file(COPY "${wapc_wasm3_pins}/Cargo.toml" "${wapc_wasm3_pins}/Cargo.lock" DESTINATION "${work}")
  file(WRITE "${work}/stub/lib.rs" "")
  foreach(stub IN ITEMS "bindgen 0.71.999" "cc 1.999.0")
    string(REPLACE " " ";" stub "${stub}")
    list(GET stub 0 name)
    list(GET stub 1 version)
    file(WRITE "${work}/stub/${name}/Cargo.toml"
      "[package]\nname = \"${name}\"\nversion = \"${version}\"\nedition = \"2021\"\n"
      "[lib]\npath = \"../lib.rs\"\n")
  endforeach()
  set(line "${WAPC_CARGO}" vendor --quiet --locked "${work}/crates")
  execute_process(COMMAND ${line} WORKING_DIRECTORY "${work}"
    RESULT_VARIABLE failed OUTPUT_VARIABLE said ERROR_VARIABLE complained)
  if(failed)
    list(JOIN line " " line)
    message(FATAL_ERROR "Fetching wasm3 ${wapc_wasm3_version} failed (${failed}):\n  ${line}\n"
      "${said}${complained}\n${advice}")
  endif()
  file(MAKE_DIRECTORY "${work}/whole")
  file(RENAME "${work}/crates/wasm3x-sys/wasm3/source" "${work}/whole/source")
  file(RENAME "${work}/crates/wasm3x-sys/wasm3/LICENSE" "${work}/whole/LICENSE")
  file(REMOVE_RECURSE "${target}")
  file(RENAME "${work}/whole" "${target}")
  file(REMOVE_RECURSE "${work}")
endfunction()

# Copies the source at `pristine` to `target` and applies the patches, unless that has been done with
# these very patches.
function(wapc_wasm3_patch pristine target)
  file(GLOB patches "${wapc_wasm3_pins}/*.patch")
  list(SORT patches COMPARE NATURAL)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${patches})
  set(stamp "${wapc_wasm3_crate}")
  foreach(patch IN LISTS patches)
    file(SHA256 "${patch}" hash)
    string(APPEND stamp " ${hash}")
  endforeach()
  if(EXISTS "${target}/patched")
    file(READ "${target}/patched" done)
    if(done STREQUAL stamp)
      return()
    endif()
  endif()
  find_program(WAPC_PATCH NAMES patch)
  mark_as_advanced(WAPC_PATCH)
  if(NOT WAPC_PATCH)
    message(FATAL_ERROR "wasm3 is built with changes of ours, and the program patch was not found. "
      "Install it, or configure with -DWAPC_ENGINE_WASM3=OFF.")
  endif()
  file(REMOVE_RECURSE "${target}")
  file(COPY "${pristine}/source/" DESTINATION "${target}")
  foreach(patch IN LISTS patches)
    # No fuzz: a hunk whose surroundings have changed has to be looked at by a person.
    execute_process(COMMAND "${WAPC_PATCH}" -p1 --fuzz=0 --forward --batch -i "${patch}"
      WORKING_DIRECTORY "${target}"
      RESULT_VARIABLE failed OUTPUT_VARIABLE said ERROR_VARIABLE complained)
    if(failed)
      message(FATAL_ERROR "${patch} does not apply to wasm3 ${wapc_wasm3_version}:\n"
        "${said}${complained}")
    endif()
  endforeach()
  file(GLOB sources "${target}/*.[ch]")
  file(TOUCH ${sources})  # Else those that are as they came would be older than what was built.
  file(WRITE "${target}/patched" "${stamp}")
endfunction()

set(wapc_wasm3_home "${WAPC_DOWNLOAD_DIR}/wasm3-${wapc_wasm3_version}-${wapc_wasm3_crate}")
file(LOCK "${wapc_wasm3_home}.lock" TIMEOUT 300)  # Against a build tree that shares it.
if(NOT EXISTS "${wapc_wasm3_home}")
  wapc_wasm3_fetch("${wapc_wasm3_home}")
endif()
file(LOCK "${wapc_wasm3_home}.lock" RELEASE)
set(WAPC_WASM3_LICENSE "${wapc_wasm3_home}/LICENSE")  # To be installed with what it is linked into.
set(WAPC_WASM3_SOURCE "${CMAKE_BINARY_DIR}/wasm3")
wapc_wasm3_patch("${wapc_wasm3_home}" "${WAPC_WASM3_SOURCE}")

add_library(wapc_wasm3_engine OBJECT
  "${WAPC_WASM3_SOURCE}/m3_code.c" "${WAPC_WASM3_SOURCE}/m3_compile.c"
  "${WAPC_WASM3_SOURCE}/m3_core.c" "${WAPC_WASM3_SOURCE}/m3_env.c"
  "${WAPC_WASM3_SOURCE}/m3_function.c" "${WAPC_WASM3_SOURCE}/m3_info.c"
  "${WAPC_WASM3_SOURCE}/m3_module.c" "${WAPC_WASM3_SOURCE}/m3_parse.c"
  "${WAPC_WASM3_SOURCE}/m3_validate.c" "${WAPC_WASM3_SOURCE}/m3_bind.c"
  "${PROJECT_SOURCE_DIR}/src/providers/wasm3/shim.c")
target_include_directories(wapc_wasm3_engine PRIVATE "${WAPC_WASM3_SOURCE}"
  "${PROJECT_SOURCE_DIR}/src")
# No WASI of its own (ours is written once, in wasi/), no import section in a form that the validator
# of src/wasm does not know, nothing printed. Slots of 64 bits: faster here than those of 32.
# Tail calls: GCC makes a sibling call of each step of the interpreter at -O3 although it has no way
# to promise it; were it to make none, a guest that tail-calls without end would trap as one that
# recurses without end.
target_compile_definitions(wapc_wasm3_engine PRIVATE NDEBUG d_m3LogOutput=0
  d_m3HasCompactImports=0 d_m3Use32BitSlots=0 d_m3RecordBacktraces=0 d_m3CanTailCall=1)
# Always optimised: without sibling calls each step would take native stack. Its warnings are not
# ours. It computes with wrapping integers and types that alias.
target_compile_options(wapc_wasm3_engine PRIVATE
  -w -O3 -fno-strict-aliasing -fwrapv -foptimize-sibling-calls -falign-functions=32 -fno-sanitize=thread
  -include "${PROJECT_SOURCE_DIR}/src/providers/wasm3/names.h")
set_target_properties(wapc_wasm3_engine PROPERTIES
  C_STANDARD 11 C_EXTENSIONS ON POSITION_INDEPENDENT_CODE ON C_CLANG_TIDY "")
# Where the flags ask for AddressSanitizer (ours do for C++ alone) it is wanted here too, for guests
# are after its memory; ThreadSanitizer's calls at the end of each function would cost the sibling
# calls.
string(TOUPPER "CMAKE_CXX_FLAGS_${CMAKE_BUILD_TYPE}" wapc_wasm3_flags)
if("${CMAKE_CXX_FLAGS} ${${wapc_wasm3_flags}}" MATCHES "-fsanitize=[a-z,]*address")
  target_compile_options(wapc_wasm3_engine PRIVATE -g -fsanitize=address -fno-omit-frame-pointer)
endif()
