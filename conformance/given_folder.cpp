#include "given_folder.hpp"

#include <cerrno>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <system_error>

#include <stdlib.h>  // NOLINT(modernize-deprecated-headers): mkdtemp is POSIX's.

namespace wapc::conformance {
namespace {

constexpr std::string_view kSecret = "secret\n";

void write(const std::filesystem::path& path, std::string_view text) {
  std::ofstream{path, std::ios::binary} << text;
}

std::string read(const std::filesystem::path& path) {
  std::ifstream file{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{file}, {}};
}

}  // namespace

Result<std::unique_ptr<const GivenFolder>> GivenFolder::make() {
  std::error_code error;
  auto name = (std::filesystem::temp_directory_path(error) / "wapc_given_XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) error.assign(errno, std::generic_category());
  if (error) return failure(Errc::internal, "make " + name + ": " + error.message());

  const std::filesystem::path around{name};
  std::unique_ptr<const GivenFolder> folder{new GivenFolder{around}};
  write(around / "secret.txt", kSecret);
  std::filesystem::create_directory(folder->path(), error);
  write(folder->path() / "given.txt", "given\n");
  if (!error) {
    std::filesystem::create_symlink("../secret.txt", folder->path() / "link.txt", error);
  }
  if (!error) std::filesystem::create_directory_symlink("..", folder->path() / "up", error);
  if (!error) std::filesystem::create_directory_symlink(around, folder->path() / "far", error);
  if (error) return failure(Errc::internal, "fill " + name + ": " + error.message());
  return folder;
}

GivenFolder::~GivenFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(around_, ignored);
}

bool GivenFolder::is_untouched_outside() const {
  std::size_t entries = 0;
  std::error_code error;
  std::filesystem::directory_iterator entry{around_, error};
  for (; !error && entry != std::filesystem::directory_iterator{}; entry.increment(error)) {
    ++entries;
  }
  return !error && entries == 2 && read(around_ / "secret.txt") == kSecret;
}

}  // namespace wapc::conformance
