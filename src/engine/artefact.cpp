#include "wapc/engine/artefact.hpp"

#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include <sys/mman.h>
#include <unistd.h>
#if defined(__linux__)
#include <fcntl.h>
#include <sys/sendfile.h>
#endif

#include "base/try.hpp"

namespace wapc {
namespace {

std::unexpected<Error> cannot_read(int error) {
  return failure(Errc::unavailable,
                 std::string{"cannot read an artefact: "} +
                     (error == 0 ? "it ends too early" : std::generic_category().message(error)));
}

std::unexpected<Error> no_memory() {
  return failure(Errc::limit_exceeded, "no memory for an artefact");
}

/// Fills `bytes` from where `file` stands.
Result<> fill(std::byte* bytes, std::size_t size, int file) {
  while (size > 0) {
    const auto got = ::read(file, bytes, size);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return cannot_read(got == 0 ? 0 : errno);
    bytes += got;
    size -= static_cast<std::size_t>(got);
  }
  return {};
}

}  // namespace

/// On Linux a file in memory that is sealed, and mapped; elsewhere memory that is read-only.
class Artefact::Copy {
 public:
  Copy() = default;
  Copy(const Copy&) = delete;
  Copy& operator=(const Copy&) = delete;

  ~Copy() {
    if (address_ != MAP_FAILED) ::munmap(address_, size_);
    if (file_ >= 0) ::close(file_);
  }

  [[nodiscard]] Result<> fill_from(int file, std::size_t size) {
    size_ = size;
#if defined(__linux__)
    if (open_file()) {
      WAPC_CHECK(send(file));
      return seal();
    }
#endif
    WAPC_CHECK(reserve());
    WAPC_CHECK(fill(static_cast<std::byte*>(address_), size, file));
    ::mprotect(address_, size, PROT_READ);
    return {};
  }

  [[nodiscard]] Result<> fill_with(BytesView bytes) {
    size_ = bytes.size();
#if defined(__linux__)
    if (open_file()) {
      WAPC_CHECK(write(bytes));
      return seal();
    }
#endif
    WAPC_CHECK(reserve());
    std::memcpy(address_, bytes.data(), bytes.size());
    ::mprotect(address_, size_, PROT_READ);
    return {};
  }

  [[nodiscard]] BytesView bytes() const noexcept {
    return {static_cast<const std::byte*>(address_), size_};
  }

  [[nodiscard]] const std::string& path() const noexcept { return path_; }

 private:
  [[nodiscard]] Result<> reserve() {
    address_ = ::mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (address_ == MAP_FAILED) return no_memory();
    return {};
  }

#if defined(__linux__)
  [[nodiscard]] bool open_file() {
    file_ = ::memfd_create("wapc artefact", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    return file_ >= 0;
  }

  [[nodiscard]] Result<> send(int from) const {
    for (std::size_t left = size_; left > 0;) {
      const auto sent = ::sendfile(file_, from, nullptr, left);
      if (sent < 0 && errno == EINTR) continue;
      if (sent < 0 && errno == ENOSPC) return no_memory();
      if (sent <= 0) return cannot_read(sent == 0 ? 0 : errno);
      left -= static_cast<std::size_t>(sent);
    }
    return {};
  }

  [[nodiscard]] Result<> write(BytesView bytes) const {
    while (!bytes.empty()) {
      const auto written = ::write(file_, bytes.data(), bytes.size());
      if (written < 0 && errno == EINTR) continue;
      if (written <= 0) return no_memory();
      bytes = bytes.subspan(static_cast<std::size_t>(written));
    }
    return {};
  }

  [[nodiscard]] Result<> seal() {
    if (::fcntl(file_, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) !=
        0) {
      return failure(Errc::internal, std::string{"cannot seal an artefact: "} +
                                         std::generic_category().message(errno));
    }
    address_ = ::mmap(nullptr, size_, PROT_READ, MAP_SHARED | MAP_POPULATE, file_, 0);
    if (address_ == MAP_FAILED) return no_memory();
    path_ = "/proc/self/fd/" + std::to_string(file_);
    return {};
  }
#endif

  int file_ = -1;
  void* address_ = MAP_FAILED;
  std::size_t size_ = 0;
  std::string path_;
};

Result<Artefact> Artefact::read(int file, std::size_t size) {
  auto copy = std::make_shared<Copy>();
  WAPC_CHECK(copy->fill_from(file, size));
  return Artefact{std::move(copy)};
}

Result<Artefact> Artefact::copy(BytesView bytes) {
  auto copy = std::make_shared<Copy>();
  WAPC_CHECK(copy->fill_with(bytes));
  return Artefact{std::move(copy)};
}

BytesView Artefact::bytes() const noexcept {
  return copy_->bytes();
}

const std::string& Artefact::path() const noexcept {
  return copy_->path();
}

}  // namespace wapc
