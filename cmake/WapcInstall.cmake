# What `cmake --install` installs: libraries, headers, the program, and what finds them again, for
# CMake (find_package(wapc)) and for pkg-config. A wasmtime that was fetched is installed beside, in
# a folder of its own, where it hides no other copy.

include(CMakePackageConfigHelpers)

set(wapc_package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/wapc")
get_property(wapc_libraries GLOBAL PROPERTY WAPC_LIBRARIES)

add_custom_target(wapc_libraries)  # All that is installed, the program aside.
add_dependencies(wapc_libraries ${wapc_libraries})

install(TARGETS ${wapc_libraries} EXPORT wapc
  ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}"
  FILE_SET HEADERS DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
install(EXPORT wapc NAMESPACE wapc:: DESTINATION "${wapc_package_dir}" FILE wapcTargets.cmake)
install(FILES LICENSE DESTINATION "${CMAKE_INSTALL_DOCDIR}")
if(WAPC_ENGINE_WASM3)
  install(FILES "${WAPC_WASM3_LICENSE}" DESTINATION "${CMAKE_INSTALL_DOCDIR}"
    RENAME LICENSE.wasm3)
endif()

set(WAPC_WASMTIME_INSTALLED "")  # Relative to the prefix; empty where the machine's copy is used.
if(WAPC_ENGINE_WASMTIME AND WAPC_WASMTIME_FETCHED)
  set(WAPC_WASMTIME_INSTALLED "${CMAKE_INSTALL_LIBDIR}/wapc/libwasmtime.so")
  install(FILES "${WAPC_WASMTIME_LIBRARY}" DESTINATION "${CMAKE_INSTALL_LIBDIR}/wapc"
    PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ
                WORLD_EXECUTE)
  install(FILES "${WAPC_WASMTIME_LICENSE}" DESTINATION "${CMAKE_INSTALL_DOCDIR}"
    RENAME LICENSE.wasmtime)
endif()

configure_package_config_file(cmake/wapcConfig.cmake.in "${CMAKE_BINARY_DIR}/wapcConfig.cmake"
  INSTALL_DESTINATION "${wapc_package_dir}")
write_basic_package_version_file("${CMAKE_BINARY_DIR}/wapcConfigVersion.cmake"
  COMPATIBILITY SameMinorVersion)
install(FILES "${CMAKE_BINARY_DIR}/wapcConfig.cmake" "${CMAKE_BINARY_DIR}/wapcConfigVersion.cmake"
  DESTINATION "${wapc_package_dir}")

# wapc_pkg_config(<name> <description> <requires> <libraries>)
function(wapc_pkg_config name description requires libraries)
  set(PC_NAME "${name}")
  set(PC_DESCRIPTION "${description}")
  set(PC_REQUIRES "${requires}")
  set(PC_LIBS "${libraries}")
  file(RELATIVE_PATH PC_UP "/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/")
  configure_file(cmake/wapc.pc.in "${CMAKE_BINARY_DIR}/${name}.pc" @ONLY)
  install(FILES "${CMAKE_BINARY_DIR}/${name}.pc" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
endfunction()

set(policy_lib "")
if(WAPC_BUILD_POLICY)
  set(policy_lib "-lwapc_policy ")
endif()
wapc_pkg_config(wapc "waPC for C++: WebAssembly guests in C++ programs" ""
  "${policy_lib}-lwapc_tenants -lwapc_pool -lwapc_cache -lwapc_host -lwapc_wasi -lwapc_protocol -lwapc_rpc -lwapc_wasm -lwapc_engine -lwapc_base -pthread")
if(WAPC_ENGINE_WASMTIME)
  set(wasmtime_libs "-lwasmtime")
  if(WAPC_WASMTIME_INSTALLED)
    set(wasmtime_libs "-L\${libdir}/wapc -lwasmtime -Wl,-rpath,\${libdir}/wapc")
  endif()
  wapc_pkg_config(wapc-wasmtime "The engine wasmtime for waPC" wapc
    "-lwapc_wasmtime -lwapc_wasm ${wasmtime_libs}")
endif()
if(WAPC_ENGINE_WASM3)
  wapc_pkg_config(wapc-wasm3 "The engine wasm3 for waPC" wapc "-lwapc_wasm3 -lwapc_wasm -lm")
endif()

if(WAPC_BUILD_CLI)
  install(TARGETS wapc_cli RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
  file(RELATIVE_PATH from_bin "/${CMAKE_INSTALL_BINDIR}" "/${CMAKE_INSTALL_LIBDIR}/wapc")
  set_target_properties(wapc_cli PROPERTIES INSTALL_RPATH "$ORIGIN/${from_bin}")
endif()
