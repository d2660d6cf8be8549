# wapc_library(<name> [SOURCES ...] HEADERS ... [DEPENDS ...])
# One folder, one target: declares wapc::<name> from its own sources, its public headers and the
# lower layers it stands on. A target without sources becomes an INTERFACE library.
function(wapc_library name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;HEADERS;DEPENDS")
  list(TRANSFORM arg_HEADERS PREPEND "${PROJECT_SOURCE_DIR}/include/wapc/")
  list(TRANSFORM arg_DEPENDS PREPEND "wapc::")
  if(arg_SOURCES)
    add_library(wapc_${name} ${arg_SOURCES})
    set(scope PUBLIC)
    target_include_directories(wapc_${name} PRIVATE "${PROJECT_SOURCE_DIR}/src")
  else()
    add_library(wapc_${name} INTERFACE)
    set(scope INTERFACE)
  endif()
  add_library(wapc::${name} ALIAS wapc_${name})
  target_sources(wapc_${name} ${scope} FILE_SET HEADERS
    BASE_DIRS "${PROJECT_SOURCE_DIR}/include" FILES ${arg_HEADERS})
  target_compile_features(wapc_${name} ${scope} cxx_std_23)
  target_link_libraries(wapc_${name} ${scope} ${arg_DEPENDS})
  set_target_properties(wapc_${name} PROPERTIES
    EXPORT_NAME ${name} VERIFY_INTERFACE_HEADER_SETS ON CXX_EXTENSIONS OFF)
  set_property(GLOBAL APPEND PROPERTY WAPC_LIBRARIES wapc_${name})  # What WapcInstall installs.
endfunction()
