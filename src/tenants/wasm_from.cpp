#include <cerrno>
#include <fstream>
#include <iterator>
#include <string>
#include <system_error>
#include <utility>

#include "wapc/tenants/tenants_options.hpp"

namespace wapc {

std::function<Result<Bytes>(const Budget&)> wasm_from(std::filesystem::path file) {
  return [file = std::move(file)](const Budget& /*budget*/) -> Result<Bytes> {
    errno = 0;
    std::ifstream in{file, std::ios::binary};
    const std::string text{std::istreambuf_iterator<char>{in}, {}};
    if (in.fail() || text.empty()) {
      const auto why =
          errno == 0 ? "there is nothing in it" : std::generic_category().message(errno);
      return failure(Errc::unavailable, "cannot read " + file.string() + ": " + why);
    }
    const auto bytes = as_bytes(text);
    return Bytes{bytes.begin(), bytes.end()};
  };
}

}  // namespace wapc
