#pragma once

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>

#include <malloc.h>

namespace wapc::bench {

/// Memory that the process has written to and not given back, in KiB. Summed up over the mappings:
/// the short way, statm, is off by what processors have not yet told.
inline std::size_t anonymous_kib() {
  ::malloc_trim(0);  // What is free is not held.
  std::ifstream rollup{"/proc/self/smaps_rollup"};
  for (std::string line; std::getline(rollup, line);) {
    std::size_t kib = 0;
    if (std::sscanf(line.c_str(), "Anonymous: %zu", &kib) == 1) return kib;
  }
  std::fprintf(stderr, "the system does not say what memory is held\n");
  std::exit(2);
}

}  // namespace wapc::bench
