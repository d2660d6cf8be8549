# wapc_test(<name> SOURCES ... [DEPENDS ...])
# A GoogleTest program of unit tests. Each of its tests is known to CTest by its own name. Private
# headers of src/ and the fakes of tests/ are in reach.
function(wapc_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;DEPENDS")
  list(TRANSFORM arg_DEPENDS PREPEND "wapc::")
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE ${arg_DEPENDS} GTest::gmock GTest::gtest_main)
  target_include_directories(${name} PRIVATE "${PROJECT_SOURCE_DIR}/src" "${PROJECT_SOURCE_DIR}/tests")
  set_target_properties(${name} PROPERTIES CXX_EXTENSIONS OFF)
  gtest_discover_tests(${name} DISCOVERY_TIMEOUT 60)
endfunction()
