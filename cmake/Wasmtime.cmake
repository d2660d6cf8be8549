# The target wasmtime::wasmtime: wasmtime's C API, from an installed copy or fetched at configure
# time into WAPC_DOWNLOAD_DIR (the shared library from the wheel that pip knows as wasmtime, the
# headers from the crate that cargo knows as wasmtime-c-api-impl; both pinned with their checksums
# in cmake/wasmtime/). Sets
#   WAPC_WASMTIME_VERSION, WAPC_WASMTIME_LIBRARY, WAPC_WASMTIME_INCLUDE_DIR
#   WAPC_WASMTIME_FETCHED  whether the library is ours to install beside what we build
#   WAPC_WASMTIME_LICENSE  of a fetched copy, to be installed with it
#   WAPC_WASMTIME_HAS_WINCH  whether it has its quick compiler, for this machine

set(WAPC_WASMTIME_SOURCE auto CACHE STRING
  "Where wasmtime comes from: installed, fetched, or auto (installed where there is one)")
set_property(CACHE WAPC_WASMTIME_SOURCE PROPERTY STRINGS auto installed fetched)

set(wapc_wasmtime_min 50.0.0)      # The least that the provider is written for.
set(wapc_wasmtime_fetched 50.0.1)  # What cmake/wasmtime/ pins.

# The version that the header wasmtime.h in `include` states, or nothing.
function(wapc_wasmtime_version include result)
  set(lines "")
  if(EXISTS "${include}/wasmtime.h")
    file(STRINGS "${include}/wasmtime.h" lines REGEX "^#define WASMTIME_VERSION \"")
  endif()
  string(REGEX MATCH "[0-9]+\\.[0-9]+\\.[0-9]+" version "${lines}")
  set(${result} "${version}" PARENT_SCOPE)
endfunction()

# Runs a client in `directory`, ends the configuration with its last words and `advice` if it fails.
function(wapc_wasmtime_run directory advice)
  execute_process(COMMAND ${ARGN} WORKING_DIRECTORY "${directory}"
    RESULT_VARIABLE failed OUTPUT_VARIABLE said ERROR_VARIABLE complained)
  if(failed)
    list(JOIN ARGN " " line)
    message(FATAL_ERROR "Fetching wasmtime ${wapc_wasmtime_fetched} failed (${failed}):\n  ${line}\n"
      "${said}${complained}\n${advice}")
  endif()
endfunction()

# Writes an empty crate, which stands for one that holds no headers.
function(wapc_wasmtime_stub directory name version features)
  file(WRITE "${directory}/${name}/Cargo.toml"
    "[package]\nname = \"${name}\"\nversion = \"${version}\"\nedition = \"2021\"\n"
    "[lib]\npath = \"../lib.rs\"\n[features]\n${features}")
endfunction()

# Fetches library and headers into `target`: beside it first, so that it is there whole or not at all.
function(wapc_wasmtime_fetch target platform)
  set(advice "It takes a network, Python's pip and cargo. Or install wasmtime's C API "
    "${wapc_wasmtime_min} or newer and set WASMTIME_ROOT to where it is. "
    "Or configure with -DWAPC_ENGINE_WASMTIME=OFF.")
  list(JOIN advice "" advice)
  find_program(WAPC_PYTHON NAMES python3 python)
  find_program(WAPC_CARGO NAMES cargo HINTS "$ENV{HOME}/.cargo/bin")
  mark_as_advanced(WAPC_PYTHON WAPC_CARGO)
  if(NOT WAPC_PYTHON OR NOT WAPC_CARGO)
    message(FATAL_ERROR "Fetching wasmtime takes python3 (with pip) and cargo; found "
      "${WAPC_PYTHON} and ${WAPC_CARGO}. ${advice}")
  endif()
  message(STATUS "Fetching wasmtime ${wapc_wasmtime_fetched} into ${target}")
  set(pins "${CMAKE_CURRENT_FUNCTION_LIST_DIR}/wasmtime")
  set(work "${target}.partial")
  file(REMOVE_RECURSE "${work}")

  file(MAKE_DIRECTORY "${work}/wheel")
  wapc_wasmtime_run("${work}" "${advice}" ${WAPC_PYTHON} -m pip download --quiet --no-deps
    --only-binary :all: --platform ${platform} --require-hashes -r "${pins}/requirements.txt"
    --dest "${work}/wheel")
  file(GLOB wheel "${work}/wheel/*.whl")
  wapc_wasmtime_run("${work}/wheel" "${advice}" ${CMAKE_COMMAND} -E tar xf "${wheel}")
  file(GLOB library "${work}/wheel/wasmtime/linux-*/_libwasmtime.so")
  file(GLOB_RECURSE license "${work}/wheel/*.dist-info/*LICENSE")
  file(MAKE_DIRECTORY "${work}/whole/lib")
  file(RENAME "${library}" "${work}/whole/lib/libwasmtime.so")
  file(RENAME "${license}" "${work}/whole/LICENSE")

  set(stubs "${work}/headers/stub")
  file(COPY "${pins}/Cargo.toml" "${pins}/Cargo.lock" DESTINATION "${work}/headers")
  file(WRITE "${stubs}/lib.rs" "")
  wapc_wasmtime_stub("${stubs}" log 0.4.999 "")
  wapc_wasmtime_stub("${stubs}" tracing 0.1.999 "")
  wapc_wasmtime_stub("${stubs}" wasmtime ${wapc_wasmtime_fetched} "runtime = []\nstd = []\n")
  wapc_wasmtime_stub("${stubs}" wasmtime-internal-c-api-macros ${wapc_wasmtime_fetched} "")
  wapc_wasmtime_run("${work}/headers" "${advice}"
    ${WAPC_CARGO} vendor --quiet --locked "${work}/crates")
  # Writes conf.h with every feature that is on by default, as they are in the wheel.
  wapc_wasmtime_run("${work}" "${advice}" ${CMAKE_COMMAND} "-DCMAKE_INSTALL_PREFIX=${work}/whole"
    -P "${work}/crates/wasmtime-c-api-impl/cmake/install-headers.cmake")

  file(REMOVE_RECURSE "${target}")
  file(RENAME "${work}/whole" "${target}")
  file(REMOVE_RECURSE "${work}")
endfunction()

# An installed copy.
set(WAPC_WASMTIME_FETCHED OFF)
set(WAPC_WASMTIME_LICENSE "")
if(NOT WAPC_WASMTIME_SOURCE STREQUAL "fetched")
  set(wapc_wasmtime_hints ${WASMTIME_ROOT} $ENV{WASMTIME_ROOT})
  find_path(WASMTIME_INCLUDE_DIR wasmtime.h HINTS ${wapc_wasmtime_hints} PATH_SUFFIXES include)
  find_library(WASMTIME_LIBRARY wasmtime HINTS ${wapc_wasmtime_hints} PATH_SUFFIXES lib)
  mark_as_advanced(WASMTIME_INCLUDE_DIR WASMTIME_LIBRARY)
  set(WAPC_WASMTIME_INCLUDE_DIR "${WASMTIME_INCLUDE_DIR}")
  set(WAPC_WASMTIME_LIBRARY "${WASMTIME_LIBRARY}")
endif()

# Or a fetched one.
if(WAPC_WASMTIME_SOURCE STREQUAL "fetched" OR
   (WAPC_WASMTIME_SOURCE STREQUAL "auto" AND NOT wapc_wasmtime_hints AND
    NOT (WASMTIME_INCLUDE_DIR AND WASMTIME_LIBRARY)))
  if(CMAKE_SYSTEM_NAME STREQUAL "Linux" AND CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64|amd64)$")
    set(wapc_wasmtime_platform manylinux1_x86_64)
  elseif(CMAKE_SYSTEM_NAME STREQUAL "Linux" AND CMAKE_SYSTEM_PROCESSOR MATCHES "^(aarch64|arm64)$")
    set(wapc_wasmtime_platform manylinux2014_aarch64)
  else()
    message(FATAL_ERROR "There is no pinned wasmtime for ${CMAKE_SYSTEM_NAME} on "
      "${CMAKE_SYSTEM_PROCESSOR}. Install wasmtime's C API ${wapc_wasmtime_min} or newer and set "
      "WASMTIME_ROOT to where it is, or configure with -DWAPC_ENGINE_WASMTIME=OFF.")
  endif()
  set(wapc_wasmtime_home
    "${WAPC_DOWNLOAD_DIR}/wasmtime-${wapc_wasmtime_fetched}-${wapc_wasmtime_platform}")
  file(LOCK "${wapc_wasmtime_home}.lock" TIMEOUT 300)  # Against a build tree that shares it.
  if(NOT EXISTS "${wapc_wasmtime_home}")
    wapc_wasmtime_fetch("${wapc_wasmtime_home}" ${wapc_wasmtime_platform})
  endif()
  file(LOCK "${wapc_wasmtime_home}.lock" RELEASE)
  set(WAPC_WASMTIME_FETCHED ON)
  set(WAPC_WASMTIME_INCLUDE_DIR "${wapc_wasmtime_home}/include")
  set(WAPC_WASMTIME_LIBRARY "${wapc_wasmtime_home}/lib/libwasmtime.so")
  set(WAPC_WASMTIME_LICENSE "${wapc_wasmtime_home}/LICENSE")
endif()

if(NOT (WAPC_WASMTIME_INCLUDE_DIR AND WAPC_WASMTIME_LIBRARY))
  message(FATAL_ERROR "No installed wasmtime found (header: ${WAPC_WASMTIME_INCLUDE_DIR}, library: "
    "${WAPC_WASMTIME_LIBRARY}). Set WASMTIME_ROOT to where its C API is, or configure with "
    "-DWAPC_WASMTIME_SOURCE=fetched, or with -DWAPC_ENGINE_WASMTIME=OFF.")
endif()
wapc_wasmtime_version("${WAPC_WASMTIME_INCLUDE_DIR}" WAPC_WASMTIME_VERSION)
if(WAPC_WASMTIME_VERSION VERSION_LESS wapc_wasmtime_min)
  message(FATAL_ERROR "The wasmtime in ${WAPC_WASMTIME_INCLUDE_DIR} is "
    "\"${WAPC_WASMTIME_VERSION}\", and ${wapc_wasmtime_min} is the least that will do. Set "
    "WASMTIME_ROOT to a newer one, or configure with -DWAPC_WASMTIME_SOURCE=fetched.")
endif()
message(STATUS "wasmtime ${WAPC_WASMTIME_VERSION}: ${WAPC_WASMTIME_LIBRARY}")
file(STRINGS "${WAPC_WASMTIME_INCLUDE_DIR}/wasmtime/conf.h" wapc_wasmtime_winch
  REGEX "^#define WASMTIME_FEATURE_WINCH")
set(WAPC_WASMTIME_HAS_WINCH OFF)
if(wapc_wasmtime_winch AND CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64|amd64)$")
  set(WAPC_WASMTIME_HAS_WINCH ON)
endif()

if(NOT TARGET wasmtime::wasmtime)
  if(WAPC_WASMTIME_LIBRARY MATCHES "\\.a$")
    find_package(Threads REQUIRED)
    add_library(wasmtime::wasmtime STATIC IMPORTED)
    target_link_libraries(wasmtime::wasmtime INTERFACE Threads::Threads ${CMAKE_DL_LIBS} m)
  else()
    add_library(wasmtime::wasmtime SHARED IMPORTED)
  endif()
  set_target_properties(wasmtime::wasmtime PROPERTIES
    IMPORTED_LOCATION "${WAPC_WASMTIME_LIBRARY}"
    IMPORTED_NO_SONAME TRUE  # The wheel's has none, and programs would ask for it by its path.
    INTERFACE_INCLUDE_DIRECTORIES "${WAPC_WASMTIME_INCLUDE_DIR}")
endif()
