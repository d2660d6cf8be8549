#include <cerrno>
#include <fstream>
#include <string>
#include <system_error>
#include <utility>

#include "base/try.hpp"
#include "wapc/tenants/tenants_options.hpp"

namespace wapc {

std::function<Result<Bytes>(const Budget&)> wasm_from(std::filesystem::path file,
                                                      std::size_t bytes_max) {
  return [file = std::move(file), bytes_max](const Budget& budget) -> Result<Bytes> {
    constexpr std::size_t kPiece = 64U << 10U;
    errno = 0;
    std::ifstream in{file, std::ios::binary};
    Bytes bytes;
    while (in) {
      WAPC_CHECK(budget.check());
      const auto before = bytes.size();
      bytes.resize(before + kPiece);
      in.read(reinterpret_cast<char*>(bytes.data() + before), kPiece);
      bytes.resize(before + static_cast<std::size_t>(in.gcount()));
      if (bytes.size() > bytes_max) {
        return failure(Errc::limit_exceeded, file.string() + " is larger than " +
                                                 std::to_string(bytes_max) +
                                                 " bytes: raise what wasm_from may read");
      }
    }
    if (!in.eof() || bytes.empty()) {
      const auto why =
          errno == 0 ? "there is nothing in it" : std::generic_category().message(errno);
      return failure(Errc::unavailable, "cannot read " + file.string() + ": " + why);
    }
    return bytes;
  };
}

}  // namespace wapc
