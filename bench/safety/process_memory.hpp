#pragma once

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>

#include <malloc.h>

namespace wapc::bench {

/// The figure called `name` in a file of the process's; ends the program when there is none.
inline std::size_t process_kib(const char* file, const std::string& name) {
  std::ifstream lines{file};
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with(name + ":")) continue;
    std::size_t kib = 0;
    if (std::sscanf(line.c_str() + name.size() + 1, "%zu", &kib) == 1) return kib;
  }
  std::fprintf(stderr, "the system does not say what memory is held\n");
  std::exit(2);
}

/// Memory that the process has written to and not given back, in KiB. Summed up over the mappings:
/// the short way, statm, is off by what processors have not yet told.
inline std::size_t anonymous_kib() {
  ::malloc_trim(0);  // What is free is not held.
  return process_kib("/proc/self/smaps_rollup", "Anonymous");
}

/// What the system takes to know where the process's memory is, in KiB.
inline std::size_t page_table_kib() {
  return process_kib("/proc/self/status", "VmPTE");
}

}  // namespace wapc::bench
