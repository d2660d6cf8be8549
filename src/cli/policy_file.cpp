#include "cli/policy_file.hpp"

#include <algorithm>
#include <array>
#include <filesystem>

#include <fmt/format.h>

#include "base/try.hpp"
#include "cli/text.hpp"
#include "policy/glob.hpp"
#include "policy/read_text.hpp"
#include "policy/toml_text.hpp"
#include "wapc/base/utf8.hpp"
#include "wapc/policy/restricted.hpp"

namespace wapc::cli {

Outcome<std::string> read_policy_file(const std::string& path) {
  auto text = read_policy_text(path);
  if (!text) return file_problem(text.error().message());
  return *std::move(text);
}

Outcome<GuestPolicy> policy_for(const std::string& path, const std::string& guest) {
  WAPC_TRY(const auto text, read_policy_file(path));
  const auto policy = parse_policy(text, path);
  if (!policy) {
    auto said = problem(policy.error());
    said.hint = "docs/policy.md has the format key by key";
    return std::unexpected{std::move(said)};
  }
  const std::array names{file_name(guest), guest_name(guest)};
  const auto* const found = policy->find(names);
  if (found != nullptr) return *found;
  const auto& name = names.back();
  const auto all = std::string{"[guest.\"*\"] for all guests that it does not name"};
  const bool can_be_said = !name.empty() && is_utf8(name);
  return wrong_usage(
      fmt::format("{} says nothing of the guest {}", printable(path), in_quotes(name)),
      can_be_said ? fmt::format("add [guest.{}], or {}", wapc::quoted(glob_of(name)), all)
                  : fmt::format("add {}; no policy can say this name", all));
}

Outcome<> check_beside_policy(const GuestArguments& arguments) {
  if (arguments.wasi.environment.empty() && arguments.wasi.directories.empty()) return {};
  return wrong_usage(
      fmt::format("{} and --policy exclude each other: the policy says all that is granted",
                  arguments.wasi.directories.empty() ? "--env" : "--dir"),
      "put it into the policy, under wasi.env or wasi.directory");
}

HostOptions under_policy(HostOptions options, const GuestPolicy& policy, const GuestSetup& setup) {
  options = restricted(std::move(options), policy);
  if (setup.memory_bytes) {
    auto& memory = options.limits.memory_bytes;
    memory = std::min<std::size_t>(memory, *setup.memory_bytes);
  }
  if (setup.deadline) {
    options.call_timeout = std::min(options.call_timeout, *setup.deadline);
    options.start_timeout = std::min(options.start_timeout, *setup.deadline);
  }
  return options;
}

void advise_on_policy(Problem& said, const std::string& path) {
  if (said.exit == ExitCode::deadline_exceeded || said.exit == ExitCode::limit_exceeded) {
    said.hint = fmt::format("limits of {} count where they are lower than others", path);
  } else if (said.exit == ExitCode::usage) {
    said.hint = fmt::format("directories are those of {}", path);
  }
}

std::string guest_name(const std::string& path) {
  return std::filesystem::path{path}.stem().string();
}

}  // namespace wapc::cli
