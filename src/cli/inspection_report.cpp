#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/inspection.hpp"
#include "cli/text.hpp"
#include "cli/units.hpp"

// How an Inspection reads. All that comes from the module goes through printable().

namespace wapc::cli {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kNameBytesMax = 300;

/// A name from the module: never longer than a few lines.
std::string name(std::string_view text) {
  if (text.size() <= kNameBytesMax) return printable(text);
  return in_quotes(text, kNameBytesMax);
}

/// `key  value`, the further values under the first.
std::string row(std::string_view key, const std::vector<std::string>& values) {
  std::string text;
  for (const auto& value : values) {
    text += fmt::format("{:<11}{}\n", text.empty() ? key : "", value);
  }
  return text;
}

std::string pages(std::uint64_t count, std::uint64_t page_bytes) {
  auto text = counted(count, "page");
  if (page_bytes != 0 && count > ~std::uint64_t{0} / page_bytes) return text;
  return fmt::format("{} ({})", text, describe_size(count * page_bytes));
}

std::string describe(const MemoryType& memory) {
  auto text = pages(memory.pages_min, memory.page_bytes);
  text += memory.pages_max ? ", at most " + pages(*memory.pages_max, memory.page_bytes)
                           : std::string{", no maximum"};
  if (memory.shared) text += ", shared";
  if (memory.is_64) text += ", 64 bits";
  return text;
}

std::string describe(const TableType& table) {
  auto text = counted(table.elements_min, "element");
  return text +
         (table.elements_max ? fmt::format(", at most {}", *table.elements_max) : ", no maximum");
}

template <typename T>
std::vector<std::string> described(const std::vector<T>& all) {
  std::vector<std::string> texts;
  for (const auto& one : all) texts.push_back(describe(one));
  if (texts.empty()) texts.emplace_back("none");
  return texts;
}

std::string type_of(ExternKind kind, const FunctionType& type) {
  return kind == ExternKind::function ? to_string(type.signature())
                                      : fmt::format("({})", to_string(kind));
}

std::string describe_imports(const ModuleInfo& module) {
  auto text = fmt::format("imports ({})\n", module.imports.size());
  for (const auto& import : module.imports) {
    text += fmt::format("  {}.{} {}\n", name(import.module), name(import.name),
                        type_of(import.kind, import.type));
  }
  return text;
}

std::string describe_exports(const ModuleInfo& module) {
  auto text = fmt::format("exports ({})\n", module.exports.size());
  for (const auto& one : module.exports) {
    text += fmt::format("  {} {}\n", name(one.name), type_of(one.kind, one.type));
  }
  return text;
}

double percent(std::size_t part, std::size_t whole) {
  return whole == 0 ? 0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole);
}

std::string describe_sections(const Inspection& inspection) {
  std::string text;
  std::size_t rest = inspection.size;
  std::size_t width = 20;
  for (const auto& section : inspection.module.sections) {
    width = std::max(width, std::min<std::size_t>(name(section.name).size(), 40));
  }
  text += fmt::format("{:<{}}  {:>10}   share\n", "sections", width, "bytes");
  const auto line = [&](std::string_view what, std::size_t size) {
    text += fmt::format("  {:<{}}{:>10} {:>5.1f} %\n", what, width, size,
                        percent(size, inspection.size));
  };
  for (const auto& section : inspection.module.sections) {
    line(name(section.name), section.size);
    rest -= std::min(rest, section.size);
  }
  line("(headers)", rest);
  line("(all)", inspection.size);
  return text;
}

std::string describe_engines(const Inspection& inspection) {
  std::string text = "engines\n";
  if (inspection.why_no_guest) return text + "  none: it is not a waPC guest\n";
  for (const auto& verdict : inspection.engines) {
    text += fmt::format("  {:<10} {}\n", verdict.engine,
                        verdict.why_not ? "no: " + printable(verdict.why_not->message()) : "yes");
  }
  if (inspection.engines.empty()) text += "  none is built in\n";
  return text;
}

std::string no_guest(const Error& why) {
  constexpr std::string_view kSaidAlready = "not a waPC guest: ";
  std::string_view text = why.message();
  if (text.starts_with(kSaidAlready)) text.remove_prefix(kSaidAlready.size());
  return "no waPC guest: " + printable(text);
}

Json to_json(const FunctionType& type) {
  Json object{{"parameters", Json::array()}, {"results", Json::array()}};
  for (const auto one : type.parameters) object["parameters"].push_back(to_string(one));
  for (const auto one : type.results) object["results"].push_back(to_string(one));
  return object;
}

Json imports_json(const ModuleInfo& module) {
  auto list = Json::array();
  for (const auto& import : module.imports) {
    Json object{{"module", import.module}, {"name", import.name}, {"kind", to_string(import.kind)}};
    if (import.kind == ExternKind::function) object["type"] = to_json(import.type);
    list.push_back(std::move(object));
  }
  return list;
}

Json exports_json(const ModuleInfo& module) {
  auto list = Json::array();
  for (const auto& one : module.exports) {
    Json object{{"name", one.name}, {"kind", to_string(one.kind)}};
    if (one.kind == ExternKind::function) object["type"] = to_json(one.type);
    list.push_back(std::move(object));
  }
  return list;
}

template <typename T>
Json or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}

Json memories_json(const ModuleInfo& module) {
  auto list = Json::array();
  for (const auto& memory : module.memories) {
    list.push_back({{"pages_min", memory.pages_min},
                    {"pages_max", or_null(memory.pages_max)},
                    {"page_bytes", memory.page_bytes},
                    {"shared", memory.shared},
                    {"is_64", memory.is_64}});
  }
  return list;
}

Json tables_json(const ModuleInfo& module) {
  auto list = Json::array();
  for (const auto& table : module.tables) {
    list.push_back(
        {{"elements_min", table.elements_min}, {"elements_max", or_null(table.elements_max)}});
  }
  return list;
}

Json sections_json(const Inspection& inspection) {
  auto list = Json::array();
  for (const auto& section : inspection.module.sections) {
    list.push_back({{"name", section.name},
                    {"offset", section.offset},
                    {"bytes", section.size},
                    {"percent", percent(section.size, inspection.size)}});
  }
  return list;
}

Json engines_json(const Inspection& inspection) {
  auto list = Json::array();
  for (const auto& verdict : inspection.engines) {
    Json object{{"name", verdict.engine}, {"runs", !verdict.why_not.has_value()}};
    if (verdict.why_not) object["why_not"] = verdict.why_not->message();
    if (!verdict.missing.empty()) object["missing_features"] = feature_names(verdict.missing);
    list.push_back(std::move(object));
  }
  return list;
}

}  // namespace

std::string describe(const Inspection& inspection) {
  const auto& module = inspection.module;
  const auto size = counted(inspection.size, "byte");
  auto text =
      fmt::format("{} ({}): {}\n", printable(inspection.file), size,
                  inspection.why_no_guest ? no_guest(*inspection.why_no_guest) : "a waPC guest");
  std::vector<std::string> traits;
  for (const auto& trait : inspection.traits) traits.push_back(name(trait));
  if (traits.empty()) traits.emplace_back("none known");
  std::vector<std::string> starts;
  for (const auto& start : inspection.start_functions) starts.push_back(name(start));
  if (starts.empty()) starts.emplace_back("none");
  text += "\n" + row("protocol", {inspection.protocol});
  text += row("signs", traits);
  text += row("memory", described(module.memories));
  text += row("tables", described(module.tables));
  text += row("start", starts);
  text += row("features", {inspection.features.empty() ? "none beyond version 1.0"
                                                       : to_string(inspection.features)});
  text += row("contents",
              {counted(module.functions, "function") + ", " + counted(module.globals, "global")});
  return text + "\n" + describe_imports(module) + describe_exports(module) +
         describe_sections(inspection) + describe_engines(inspection);
}

nlohmann::json to_json(const Inspection& inspection) {
  const auto& module = inspection.module;
  Json producers = Json::array();
  for (const auto& producer : module.producers) {
    producers.push_back(
        {{"field", producer.field}, {"name", producer.name}, {"version", producer.version}});
  }
  Json object{{"ok", true},
              {"file", inspection.file},
              {"bytes", inspection.size},
              {"is_guest", !inspection.why_no_guest.has_value()},
              {"is_command", inspection.is_command},
              {"protocol", inspection.protocol},
              {"signs", inspection.traits},
              {"producers", std::move(producers)},
              {"imports", imports_json(module)},
              {"exports", exports_json(module)},
              {"memories", memories_json(module)},
              {"tables", tables_json(module)},
              {"start_functions", inspection.start_functions},
              {"features", feature_names(inspection.features)},
              {"functions", module.functions},
              {"globals", module.globals},
              {"sections", sections_json(inspection)},
              {"engines", engines_json(inspection)}};
  if (inspection.why_no_guest) object["why_no_guest"] = inspection.why_no_guest->message();
  return object;
}

}  // namespace wapc::cli
