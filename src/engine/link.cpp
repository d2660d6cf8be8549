#include "wapc/engine/link.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "wapc/base/utf8.hpp"

namespace wapc {
namespace {

using Offers = std::map<std::pair<std::string_view, std::string_view>, ResolvedImport>;

bool is_integer(ValueType type) {
  return type == ValueType::i32 || type == ValueType::i64;
}

/// Whether engines can call it: a row of a table that a program wrote by hand may be anything.
bool can_be_offered(const Signature& type) {
  return type.parameters.size() <= kHostParametersMax && type.results.size() <= 1 &&
         std::ranges::all_of(type.parameters, is_integer) &&
         std::ranges::all_of(type.results, is_integer);
}

constexpr std::size_t kListedMax = 1000;

/// A name of the module's, which may be of any length.
std::string shown(std::string_view name) {
  constexpr std::size_t kBytesMax = 200;
  return to_utf8(name.substr(0, kBytesMax));
}

Offers offers_of(std::span<const ImportTable> tables) {
  Offers offers;
  for (std::size_t table = 0; table < tables.size(); ++table) {
    for (const auto& function : tables[table].functions) {
      offers.try_emplace({function.module, function.name}, ResolvedImport{&function, table});
    }
  }
  return offers;
}

}  // namespace

Result<std::vector<ResolvedImport>> resolve_imports(std::span<const Import> imports,
                                                    std::span<const ImportTable> tables) {
  const auto offers = offers_of(tables);
  std::vector<ResolvedImport> resolved;
  std::string unknown;
  std::size_t missing = 0;
  for (const auto& import : imports) {
    const auto offer = offers.find({import.module, import.name});
    const bool known = import.kind == ExternKind::function && offer != offers.end();
    if (known && !can_be_offered(offer->second.function->signature)) {
      return failure(
          Errc::unsupported,
          "host functions take up to 32 whole numbers and return at most one: " + import.module +
              "." + import.name + " " + to_string(offer->second.function->signature));
    }
    if (known && offer->second.function->signature == import.type.signature()) {
      resolved.push_back(offer->second);
      continue;
    }
    if (++missing > kListedMax) continue;
    if (!unknown.empty()) unknown += ", ";
    unknown += shown(import.module) + "." + shown(import.name);
    unknown += import.kind == ExternKind::function
                   ? " " + to_string(import.type.signature())
                   : " (" + std::string{to_string(import.kind)} + ")";
    if (known) unknown += " where " + to_string(offer->second.function->signature) + " is offered";
  }
  if (missing > kListedMax) {
    unknown += ", and " + std::to_string(missing - kListedMax) + " more";
  }
  if (!unknown.empty()) {
    return failure(Errc::invalid_module, "imports that nothing offers: " + unknown);
  }
  return resolved;
}

}  // namespace wapc
