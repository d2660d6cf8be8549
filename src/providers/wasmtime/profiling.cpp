#include "providers/wasmtime/profiling.hpp"

#include <cerrno>
#include <string>
#include <system_error>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "providers/wasmtime/handles.hpp"

namespace wapc::wasmtime {
namespace {

std::unexpected<Error> cannot_write(const std::string& path) {
  return failure(Errc::unavailable, "wasmtime: cannot write " + path + " for a profiler: " +
                                        std::generic_category().message(errno));
}

/// `mapped`: perf learns of the file by seeing that the program maps it as code.
Result<> check_file(const std::string& path, bool mapped) {
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (file < 0) return cannot_write(path);
  void* code = nullptr;
  if (mapped) code = ::mmap(nullptr, 1, PROT_READ | PROT_EXEC, MAP_PRIVATE, file, 0);
  const auto done = code == MAP_FAILED ? Result<>{cannot_write(path)} : Result<>{};
  if (mapped && done) ::munmap(code, 1);
  ::close(file);
  return done;
}

}  // namespace

Result<> check_profiling(WasmtimeOptions::Profiling profiling) {
  if (profiling == WasmtimeOptions::Profiling::none) return {};
#if defined(__linux__) && defined(WASMTIME_FEATURE_PROFILING)
  const auto process = std::to_string(::getpid());
  if (profiling == WasmtimeOptions::Profiling::perf_map) {
    return check_file("/tmp/perf-" + process + ".map", false);
  }
  return check_file("./jit-" + process + ".dump", true);
#else
  return failure(Errc::unsupported, "this build of wasmtime tells no profiler of guests");
#endif
}

}  // namespace wapc::wasmtime
