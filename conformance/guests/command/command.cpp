// A program for WASI in C++ with iostream; knows nothing of waPC. Files are read with stdio, as a
// libc++ that is built without a filesystem has no fstream.
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <string>

namespace {

void show(const char* path) {
  std::FILE* const file = std::fopen(path, "r");
  if (file == nullptr) {
    std::cout << path << ": " << std::strerror(errno) << '\n';
    return;
  }
  std::cout << path << ": ";
  for (int c = 0; (c = std::getc(file)) != EOF;) std::cout.put(static_cast<char>(c));
  std::fclose(file);
}

}  // namespace

int main(int argc, char** argv) {
  std::cout << "arguments:";
  for (int i = 0; i < argc; ++i) std::cout << ' ' << argv[i];
  const char* const greeting = std::getenv("GREETING");
  std::cout << "\nGREETING: " << (greeting == nullptr ? "not set" : greeting) << '\n';
  for (int i = 1; i < argc; ++i) show(argv[i]);
  for (std::string line; std::getline(std::cin, line);) std::cout << "> " << line << '\n';
  std::cerr << "that is all\n";
  return 7;
}
