#pragma once

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>

#include <wapc/providers/builtin.hpp>
#include <wapc/wapc.hpp>

// What the examples share: they end when something fails that should not.

template <typename T>
T must(wapc::Result<T> result) {
  if (result) return *std::move(result);
  std::cerr << to_string(result.error().code()) << ": " << result.error().message() << "\n";
  std::exit(1);
}

inline std::string read_file(const char* path) {
  std::ifstream file{path, std::ios::binary};
  if (!file) {
    std::cerr << "cannot read " << path << "\n";
    std::exit(1);
  }
  return {std::istreambuf_iterator<char>{file}, {}};
}

inline std::shared_ptr<const wapc::GuestModule> load(const wapc::Engine& engine, const char* path,
                                                     wapc::GuestModuleOptions options = {}) {
  return must(wapc::GuestModule::load(engine, wapc::as_bytes(read_file(path)), std::move(options)));
}
