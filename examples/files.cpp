// How do I give a guest a directory, and nothing else?    files ENGINE reader.wasm

#include <filesystem>

#include "example.hpp"

int main(int /*argc*/, char** argv) {
  namespace fs = std::filesystem;
  const auto given = fs::temp_directory_path() / ("wapc_example_files_" + std::string{argv[1]});
  fs::create_directories(given);
  std::ofstream{given / "greeting.txt"} << "hello from a file";

  const auto engine = must(wapc::make_builtin_engine(argv[1]));
  const wapc::WasiConfig wasi{.directories = {{.host_path = given.string(),
                                               .guest_path = "/",
                                               .access = wapc::DirectoryAccess::read_only}}};
  const auto host = must(wapc::Host::start(load(*engine, argv[2]), {.wasi = wasi}));

  for (const auto* const path : {"greeting.txt", "../../etc/passwd"}) {
    const auto answer = host->invoke({.operation = "read", .payload = wapc::as_bytes(path)});
    std::cout << path << ": "
              << (answer ? wapc::as_text(*answer) : std::string_view{answer.error().message()})
              << "\n";
  }
  fs::remove_all(given);
}
