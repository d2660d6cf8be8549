#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "base/characters.hpp"
#include "base/try.hpp"
#include "policy/contradictions.hpp"
#include "policy/faults.hpp"
#include "policy/names.hpp"
#include "policy/read_text.hpp"
#include "policy/table_reader.hpp"
#include "policy/toml_text.hpp"
#include "wapc/policy/policy.hpp"

namespace wapc {
namespace {

// A policy has hundreds of rules, not thousands.
constexpr std::size_t kGuestsMax = 1'000;
constexpr std::size_t kRulesMax = 1'000;   // Of one guest.
constexpr std::size_t kNamesMax = 10'000;  // In all rules of one guest.
constexpr std::size_t kNameMax = 4'096;    // Bytes.
constexpr std::size_t kDirectoriesMax = 1'000;

/// Reads the part of one guest.
class GuestReader {
 public:
  GuestReader(const toml::table& table, Effort& effort, Faults& faults)
      : reader_{table, faults}, effort_{effort}, faults_{faults} {}

  GuestPolicy read(std::string_view guest) {
    GuestPolicy policy{.guest = std::string{guest}};
    constexpr std::array<std::string_view, 2> kDenials{"error", "end_call"};
    if (reader_.word("on_denial", kDenials) == "end_call") policy.on_denial = OnDenial::end_call;
    for (const auto* const table : rules("deny")) {
      TableReader reader{*table, faults_};
      places_.deny.push_back(reader.place());
      policy.deny.push_back(names(reader));
      reader.finish();
    }
    for (const auto* const table : rules("allow")) {
      TableReader reader{*table, faults_};
      places_.allow.push_back(reader.place());
      AllowRule rule{.names = names(reader)};
      report_replaced(reader, rule.names);
      reader.numbers<AllowRule>(kAllowNumbers, rule);
      reader.finish();
      policy.allow.push_back(std::move(rule));
    }
    read_limits("limits", policy.limits, kLimitTimes, kLimitNumbers);
    read_limits("module", policy.module, kModuleTimes, kModuleNumbers);
    if (const auto* const table = reader_.table("wasi")) policy.wasi = read_wasi(*table);
    reader_.finish();
    if (names_ > kNamesMax) {
      faults_.add(reader_.place(), "a guest's rules have at most 10,000 names in all");
    } else if (!faults_.any()) {  // Else there is little to be said of the rest.
      report_contradictions(policy, places_, effort_, faults_);
    }
    return policy;
  }

 private:
  std::vector<const toml::table*> rules(std::string_view key) {
    auto tables = reader_.tables(key);
    if (tables.size() > kRulesMax) {
      faults_.add(place_of(tables[kRulesMax]->source()), "a guest has at most 1,000 rules");
      tables.resize(kRulesMax);
    }
    return tables;
  }

  HostCallNames names(TableReader& reader) {
    HostCallNames names;
    const bool named = read_names(reader, "binding", names.bindings);
    read_names(reader, "namespace", names.name_spaces);
    read_names(reader, "operation", names.operations);
    if (!named) faults_.add(reader.place(), "this rule has no \"binding\"; \"*\" is any");
    return names;
  }

  /// To deny such names makes sense; to allow one is to allow others that nobody sees.
  void report_replaced(const TableReader& reader, const HostCallNames& names) {
    const auto report = [&](std::string_view key, const std::vector<std::string>& texts) {
      if (!std::ranges::any_of(texts, has_replacement)) return;
      faults_.add(reader.place(key), quoted(key) +
                                         " has U+FFFD, which is seen where a name is not UTF-8: "
                                         "a rule that allows it allows many names");
    };
    report("binding", names.bindings);
    report("namespace", names.name_spaces);
    report("operation", names.operations);
  }

  /// Whether the key is there.
  bool read_names(TableReader& reader, std::string_view key, std::vector<std::string>& into) {
    const bool there = reader.has(key);
    if (auto texts = reader.texts(key)) into = *std::move(texts);
    names_ += into.size();
    const bool long_name =
        std::ranges::any_of(into, [](const std::string& name) { return name.size() > kNameMax; });
    if (long_name) faults_.add(reader.place(key), quoted(key) + " has more than 4,096 bytes");
    return there;
  }

  template <typename Record>
  void read_limits(std::string_view key, Record& into, const auto& times, const auto& numbers) {
    const auto* const table = reader_.table(key);
    if (table == nullptr) return;
    TableReader reader{*table, faults_};
    reader.times<Record>(times, into);
    reader.numbers<Record>(numbers, into);
    reader.finish();
  }

  PolicyWasi read_wasi(const toml::table& table) {
    PolicyWasi wasi;
    TableReader reader{table, faults_};
    if (auto arguments = reader.texts("arguments")) wasi.arguments = *std::move(arguments);
    if (const auto* const variables = reader.table("env")) {
      wasi.environment = read_environment(*variables);
    }
    const auto directories = reader.tables("directory");
    if (directories.size() > kDirectoriesMax) {
      faults_.add(reader.place("directory"), "a guest has at most 1,000 directories");
      return wasi;
    }
    for (const auto* const directory : directories) {
      if (auto read = read_directory(*directory)) add(*std::move(read), *directory, wasi);
    }
    reader.times<PolicyWasi>(kWasiTimes, wasi);
    reader.numbers<PolicyWasi>(kWasiNumbers, wasi);
    reader.finish();
    return wasi;
  }

  std::map<std::string, std::string> read_environment(const toml::table& table) {
    std::map<std::string, std::string> variables;
    TableReader reader{table, faults_};
    for (const auto& [key, value] : table) {
      const std::string name{key.str()};
      if (name.empty() || name.find_first_of(std::string_view{"=\0", 2}) != std::string::npos) {
        faults_.add(place_of(key.source()), quoted(name, 100) + " is no name of a variable");
      }
      if (auto text = reader.text(name, value)) variables.emplace(name, *std::move(text));
    }
    return variables;
  }

  std::optional<PolicyDirectory> read_directory(const toml::table& table) {
    constexpr std::array<std::string_view, 2> kAccesses{"read_only", "read_write"};
    TableReader reader{table, faults_};
    const auto host = reader.text("host");
    const auto guest = reader.text("guest");
    const auto access = reader.word("access", kAccesses);
    reader.finish();
    if (!reader.has("host")) faults_.add(reader.place(), "this directory has no \"host\"");
    for (const auto* const key : {"host", "guest"}) {
      const auto& path = *key == 'h' ? host : guest;
      if (path && path->empty()) faults_.add(reader.place(key), quoted(key) + " is empty");
    }
    if (!host) return std::nullopt;
    return PolicyDirectory{.host_path = *host,
                           .guest_path = guest.value_or(*host),
                           .access = access == "read_write" ? DirectoryAccess::read_write
                                                            : DirectoryAccess::read_only};
  }

  void add(PolicyDirectory directory, const toml::table& table, PolicyWasi& wasi) {
    const auto same =
        std::ranges::find(wasi.directories, directory.guest_path, &PolicyDirectory::guest_path);
    if (same != wasi.directories.end()) {
      faults_.add(place_of(table.source()), "the guest calls another directory " +
                                                quoted(directory.guest_path, 100) + " already");
    }
    wasi.directories.push_back(std::move(directory));
  }

  TableReader reader_;
  Effort& effort_;
  Faults& faults_;
  RulePlaces places_;
  std::size_t names_ = 0;
};

/// The guests in the order of the text, which TOML's tables do not keep.
std::vector<std::pair<Place, const toml::key*>> in_order(const toml::table& guests) {
  std::vector<std::pair<Place, const toml::key*>> keys;
  for (const auto& [key, value] : guests) keys.emplace_back(place_of(key.source()), &key);
  std::ranges::sort(keys, {}, [](const auto& row) { return row.first; });
  return keys;
}

void read_guests(const toml::table& guests, Policy& policy, Faults& faults) {
  std::vector<Place> places;
  Effort effort;
  for (const auto& [place, key] : in_order(guests)) {
    const std::string_view name = key->str();
    const auto* const part = guests.get(name);
    if (name.empty() || name.find('\0') != std::string_view::npos) {
      faults.add(place, quoted(name, 100) + " is no name of a guest; \"*\" is any");
    }
    if (name.size() > kNameMax) faults.add(place, "a guest's name has more than 4,096 bytes");
    if (!part->is_table()) {
      faults.add(place, "guest " + quoted(name, 100) + " must be a table");
      continue;
    }
    if (policy.guests.size() == kGuestsMax) {
      faults.add(place, "a policy is for at most 1,000 guests");
      return;
    }
    policy.guests.push_back(GuestReader{*part->as_table(), effort, faults}.read(name));
    places.push_back(place);
  }
  report_same_guests(policy, places, faults);
}

/// Whether a person sees it as it is; an end of line and a tab belong to a text.
bool is_plain(const Character& character) {
  const auto code = character.code;
  return code == '\n' || code == '\r' || code == '\t' || !is_hidden(character);
}

/// What no policy has and toml++ should not see: characters that TOML forbids or that would show a
/// reader another policy than the program's, and keys of so many parts that going into them takes
/// too much stack. Nothing else nests without bound.
bool is_readable(std::string_view text, Faults& faults) {
  constexpr std::size_t kDotsMax = 256;  // In a line.
  Place place;
  std::size_t dots = 0;
  while (!text.empty()) {
    const auto character = first_character(text);
    text.remove_prefix(character.bytes.size());
    if (!character.valid) {
      faults.add(place, "this is not UTF-8");
      return false;
    }
    if (!is_plain(character)) {
      faults.add(place, "a hidden character; write it as " + quoted(character.bytes));
      return false;
    }
    if (character.code == '.' && ++dots > kDotsMax) {
      faults.add(place, "a line has at most 256 dots; in a text, write others as \\u002e");
      return false;
    }
    ++place.column;
    if (character.code == '\n') {
      place = {place.line + 1, 1};
      dots = 0;
    }
  }
  return true;
}

Policy parse(std::string_view text, Faults& faults) {
  Policy policy;
  if (text.size() > kPolicyBytesMax) {
    faults.add({}, "a policy has at most 1 MiB");
    return policy;
  }
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);  // Which some editors put there.
  if (!is_readable(text, faults)) return policy;
  const auto parsed = toml::parse(text);
  if (parsed.failed()) {
    faults.add(place_of(parsed.error().source()), unquoted(parsed.error().description()));
    return policy;
  }
  TableReader reader{parsed.table(), faults};
  if (const auto* const guests = reader.table("guest")) read_guests(*guests, policy, faults);
  reader.finish();
  return policy;
}

}  // namespace

std::vector<PolicyFault> faults_in_policy(std::string_view text) {
  Faults faults;
  static_cast<void>(parse(text, faults));
  return faults.take();
}

Result<Policy> parse_policy(std::string_view text, std::string_view name) {
  Faults faults;
  auto policy = parse(text, faults);
  if (!faults.any()) return policy;
  std::string message;
  for (const auto& fault : faults.take()) {
    message.append(message.empty() ? "" : "\n").append(name).append(":");
    message += std::to_string(fault.line) + ":" + std::to_string(fault.column) + ": ";
    message += fault.message;
  }
  return failure(Errc::invalid_options, std::move(message));
}

Result<Policy> read_policy(const std::string& path) {
  WAPC_TRY(const auto text, read_policy_text(path));
  return parse_policy(text, path);
}

}  // namespace wapc
