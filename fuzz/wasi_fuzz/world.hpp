#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <sys/stat.h>

#include "base/unique_fd.hpp"
#include "support/temporary_tree.hpp"
#include "wasi/beneath.hpp"
#include "wasi/grants.hpp"

namespace wapc::fuzzing {

/// How many directories named `d` are in each other in the one that may only be read, in `deep`.
inline constexpr std::size_t kDeep = 70;

/// A directory that guests may write to, one that they may only read, and what lies beside them,
/// which is not theirs.
class World {
 public:
  World();

  /// What grants both directories, together with the rest of `config`.
  [[nodiscard]] std::shared_ptr<const WasiGrants> grants(WasiConfig config, wasi::Walk walk) const;

  /// While one lives, the program works in the directory outside: a path of the guest's that is
  /// taken for one of the program's leads there. It begins with the writable directory as it was at
  /// first.
  class Visit {
   public:
    explicit Visit(const World& world);
    ~Visit();

    Visit(const Visit&) = delete;
    Visit& operator=(const Visit&) = delete;

   private:
    UniqueFd before_;
  };

  /// Whether what is not the guest's to change is as it was, as far as its status tells: quick.
  /// Where the system says so, whether what lies outside was not even read.
  [[nodiscard]] bool seems_unchanged() const;

  /// The same, and looks at all names and contents too.
  [[nodiscard]] bool is_unchanged() const;

  /// Whether it is something that no guest should be told of.
  [[nodiscard]] bool is_outside(std::uint64_t device, std::uint64_t inode) const;

 private:
  struct Kept {
    std::string name;  // Below the tree.
    struct stat status;
    std::string content;  // Of a directory its names, of a link where it leads.
  };

  void add_kept(const std::string& name);
  void refill() const;

  testing::TemporaryTree tree_;
  UniqueFd root_;
  UniqueFd outside_;
  std::vector<Kept> kept_;
  std::array<std::vector<wasi::GrantedDirectory>, 2> granted_;  // By the way paths are walked.
};

}  // namespace wapc::fuzzing
