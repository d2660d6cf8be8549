# The program wapc: its parts as a library, so that their tests link them, and main.

find_package(CLI11 REQUIRED)
find_package(fmt REQUIRED)
find_package(nlohmann_json REQUIRED)

add_library(wapc_cli_parts STATIC
  src/cli/audit.cpp src/cli/bench.cpp src/cli/bench_report.cpp src/cli/bench_run.cpp
  src/cli/bench_target.cpp src/cli/cache.cpp src/cli/call.cpp src/cli/call_report.cpp src/cli/cli.cpp src/cli/compile.cpp
  src/cli/compile_progress.cpp src/cli/completion.cpp
  src/cli/engine_choice.cpp src/cli/engines.cpp src/cli/files.cpp src/cli/guest_log.cpp
  src/cli/guest_engine.cpp src/cli/guest_setup.cpp
  src/cli/host_rules.cpp src/cli/inspect.cpp src/cli/inspection.cpp
  src/cli/inspection_report.cpp src/cli/interrupt.cpp src/cli/latency_histogram.cpp
  src/cli/paired_ratio.cpp src/cli/payload.cpp
  src/cli/policy.cpp src/cli/policy_check.cpp src/cli/policy_file.cpp src/cli/policy_learn.cpp
  src/cli/problem.cpp src/cli/reading_engine.cpp
  src/cli/run.cpp src/cli/status_line.cpp src/cli/streams.cpp src/cli/text.cpp src/cli/units.cpp
  src/cli/user_cache.cpp src/cli/wasi_options.cpp)
target_include_directories(wapc_cli_parts PUBLIC "${PROJECT_SOURCE_DIR}/src")
target_compile_definitions(wapc_cli_parts PRIVATE WAPC_VERSION="${PROJECT_VERSION}")
target_link_libraries(wapc_cli_parts
  PUBLIC wapc::cache wapc::policy wapc::pool wapc::providers wapc::wasm CLI11::CLI11 fmt::fmt nlohmann_json::nlohmann_json)
set_target_properties(wapc_cli_parts PROPERTIES CXX_EXTENSIONS OFF)

add_executable(wapc_cli src/cli/main.cpp)
target_link_libraries(wapc_cli PRIVATE wapc_cli_parts)
set_target_properties(wapc_cli PROPERTIES OUTPUT_NAME wapc CXX_EXTENSIONS OFF)
