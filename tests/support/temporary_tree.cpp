#include "support/temporary_tree.hpp"

#include <cstdlib>
#include <stdexcept>

namespace wapc::testing {

TemporaryTree::TemporaryTree() {
  auto pattern = (std::filesystem::temp_directory_path() / "wapc_test_XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error{"no temporary directory"};
  path_ = pattern;
}

TemporaryTree::~TemporaryTree() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace wapc::testing
