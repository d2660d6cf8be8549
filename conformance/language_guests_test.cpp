#include <filesystem>
#include <string>

#include <gtest/gtest.h>

#include "case_tests.hpp"
#include "language_cases.hpp"

// The guests made with the SDKs of other languages, on every engine that is built in. A guest whose
// compiler is missing is a skip that says what to install.

int main(int argc, char** argv) {
  namespace conformance = wapc::conformance;
  ::testing::InitGoogleTest(&argc, argv);
  const std::filesystem::path directory{WAPC_GUESTS_DIR};
  conformance::register_case_tests(
      "language_guests", conformance::language_cases(), conformance::guests_in(directory),
      [missing = conformance::missing_guests(directory)](const conformance::Case& test) {
        const auto found = missing.find(test.guest);
        return found == missing.end() ? std::string{} : found->second;
      });
  return RUN_ALL_TESTS();
}
