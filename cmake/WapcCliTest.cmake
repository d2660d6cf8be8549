# Tests of the program wapc: its parts by unit tests, the whole by transcripts (tests/cli) on every
# engine that is built in, with guests of their own compiled from the text format.

wapc_test(cli_test
  SOURCES src/cli/audit_test.cpp src/cli/bench_run_test.cpp src/cli/compile_progress_test.cpp
          src/cli/host_rules_test.cpp src/cli/inspection_test.cpp
          src/cli/latency_histogram_test.cpp src/cli/paired_ratio_test.cpp src/cli/payload_test.cpp
          src/cli/problem_test.cpp src/cli/text_test.cpp src/cli/units_test.cpp
          src/cli/wasi_options_test.cpp
          src/providers/builtin_test.cpp
  DEPENDS providers)
target_link_libraries(cli_test PRIVATE wapc_cli_parts)

find_package(Python3 COMPONENTS Interpreter)
find_program(WAPC_WAT2WASM NAMES wat2wasm DOC "wat2wasm, for the guests in the text format")
if(NOT Python3_FOUND OR NOT WAPC_WAT2WASM)
  message(WARNING "No transcripts of the command line are tested: they take python3 and wat2wasm "
    "(Debian: wabt)")
  return()
endif()

set(wapc_cli_guests_dir "${PROJECT_BINARY_DIR}/tests/cli/guests")
file(MAKE_DIRECTORY "${wapc_cli_guests_dir}")
file(GLOB wapc_cli_sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/tests/cli/guests/*.wat")
set(wapc_cli_guests "")
foreach(source IN LISTS wapc_cli_sources)
  cmake_path(GET source STEM name)
  set(guest "${wapc_cli_guests_dir}/${name}.wasm")
  add_custom_command(OUTPUT "${guest}"
    COMMAND "${WAPC_WAT2WASM}" "${source}" -o "${guest}"
    DEPENDS "${source}" COMMENT "Building guest cli/${name}" VERBATIM)
  list(APPEND wapc_cli_guests "${guest}")
endforeach()
add_custom_target(wapc_cli_guests ALL DEPENDS ${wapc_cli_guests})

# A transcript that names $ENGINE runs once on each engine.
set(wapc_cli_engines ${wapc_builtin_engines})
if(WAPC_WASMTIME_HAS_WINCH)
  list(APPEND wapc_cli_engines winch)
endif()
file(GLOB wapc_cli_transcripts CONFIGURE_DEPENDS
  "${PROJECT_SOURCE_DIR}/tests/cli/transcripts/*.transcript")
foreach(transcript IN LISTS wapc_cli_transcripts)
  cmake_path(GET transcript STEM name)
  file(STRINGS "${transcript}" on_engines REGEX "\\$ENGINE" LIMIT_COUNT 1)
  set(engines any)
  if(on_engines)
    set(engines ${wapc_cli_engines})
  endif()
  foreach(engine IN LISTS engines)
    add_test(NAME cli.${name}.${engine}
      COMMAND "${Python3_EXECUTABLE}" "${PROJECT_SOURCE_DIR}/tests/cli/run_transcript.py"
        "${transcript}" --wapc $<TARGET_FILE:wapc_cli> --guests "${wapc_cli_guests_dir}"
        --engine ${engine} --engines "${wapc_cli_engines}")
    set_tests_properties(cli.${name}.${engine} PROPERTIES SKIP_RETURN_CODE 77)
  endforeach()
endforeach()
add_test(NAME cli.terminal
  COMMAND "${Python3_EXECUTABLE}" "${PROJECT_SOURCE_DIR}/tests/cli/terminal_test.py"
    --wapc $<TARGET_FILE:wapc_cli> --guests "${wapc_cli_guests_dir}"
    --engines "${wapc_cli_engines}")
add_test(NAME cli.docs
  COMMAND "${Python3_EXECUTABLE}" "${PROJECT_SOURCE_DIR}/tests/cli/docs_test.py"
    --wapc $<TARGET_FILE:wapc_cli> --docs "${PROJECT_SOURCE_DIR}/docs/cli.md")
