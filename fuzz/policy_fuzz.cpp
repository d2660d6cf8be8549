// Reads arbitrary text as a policy. What must hold: nothing breaks; what is said to be wrong is
// plain text with a place; what is read is written, and reads back the same; and the index of rules
// finds what trying them one by one does.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include "policy/names.hpp"
#include "policy/rule_index.hpp"
#include "wapc/base/utf8.hpp"
#include "wapc/policy/policy.hpp"

namespace {

void must(bool holds, std::string_view what, std::string_view text = {}) {
  if (holds) return;
  std::cerr << "does not hold: " << what << "\n" << text << "\n";
  std::abort();
}

void check_faults(const std::vector<wapc::PolicyFault>& faults) {
  for (const auto& fault : faults) {
    must(fault.line >= 1 && fault.column >= 1, "a fault has a place");
    must(!fault.message.empty() && wapc::is_utf8(fault.message), "a fault is text");
    const bool plain = std::ranges::all_of(
        fault.message, [](char c) { return static_cast<unsigned char>(c) >= 0x20 && c != 0x7F; });
    must(plain, "a fault is plain", fault.message);
  }
}

void check_reads_back(const wapc::Policy& policy) {
  const auto text = wapc::write_policy(policy);
  const auto again = wapc::parse_policy(text, "written");
  must(again.has_value(), "what is written is read", again ? text : again.error().message());
  must(*again == policy, "what is written reads back the same", text);
  must(wapc::write_policy(*again) == text, "what is read is written the same", text);
}

/// Calls by all names that the rules have, exact or not.
void check_index(const std::vector<wapc::HostCallNames>& rules) {
  const wapc::RuleIndex index{rules};
  const std::vector<wapc::NamesMatcher> matchers{rules.begin(), rules.end()};
  const wapc::Budget budget;
  for (const auto& names : rules) {
    const wapc::HostCall call{.guest_id = 1,
                              .binding = names.bindings.back(),
                              .name_space = names.name_spaces.front(),
                              .operation = names.operations.back(),
                              .payload = {},
                              .budget = budget};
    const auto first = std::ranges::find_if(
        matchers, [&](const wapc::NamesMatcher& matcher) { return matcher.matches(call); });
    const auto found = index.find(call);
    must(found.has_value() == (first != matchers.end()), "the index finds what there is");
    must(!found || *found == static_cast<std::size_t>(first - matchers.begin()),
         "the index finds the first");
  }
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  const auto faults = wapc::faults_in_policy(text);
  check_faults(faults);
  const auto policy = wapc::parse_policy(text, "policy.toml");
  must(policy.has_value() == faults.empty(), "a policy is read, or there are faults");
  if (!policy) return 0;
  check_reads_back(*policy);
  for (const auto& guest : policy->guests) {
    must(policy->find(guest.guest) != nullptr || guest.guest.find('\\') != std::string::npos,
         "a guest is found", guest.guest);
    check_index(guest.deny);
    std::vector<wapc::HostCallNames> allow;
    for (const auto& rule : guest.allow) allow.push_back(rule.names);
    check_index(allow);
  }
  return 0;
}
