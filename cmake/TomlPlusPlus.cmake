# toml++, which reads policies: headers alone, seen by the sources of wapc::policy and by nobody who
# links it.

find_path(TOMLPLUSPLUS_INCLUDE_DIR toml++/toml.h)
mark_as_advanced(TOMLPLUSPLUS_INCLUDE_DIR)
if(NOT TOMLPLUSPLUS_INCLUDE_DIR)
  message(FATAL_ERROR "toml++ is not installed (Debian: libtomlplusplus-dev). Or set "
    "TOMLPLUSPLUS_INCLUDE_DIR to the folder that holds toml++/toml.h, 3.3 or newer.")
endif()

function(wapc_use_toml_plus_plus target)
  target_include_directories(${target} SYSTEM PRIVATE "${TOMLPLUSPLUS_INCLUDE_DIR}")
endfunction()
