#include <algorithm>
#include <string>
#include <string_view>

#include "policy/keys.hpp"
#include "policy/quantity.hpp"
#include "policy/toml_text.hpp"
#include "wapc/policy/policy.hpp"

namespace wapc {
namespace {

/// `quoted`, one text or a list of them, in such a way that lines keep to `parse_policy`'s bound on
/// dots: where there are many, they are escaped too.
std::string with_few_dots(std::string quoted) {
  constexpr std::ptrdiff_t kDotsMax = 50;  // A line has two of these, and few dots of its own.
  if (std::ranges::count(quoted, '.') <= kDotsMax) return quoted;
  std::string text;
  for (const char c : quoted) {
    if (c == '.') {
      text += "\\u002e";
    } else {
      text += c;
    }
  }
  return text;
}

/// Writes one guest's part.
class Writer {
 public:
  explicit Writer(const GuestPolicy& policy)
      : path_{"guest." + with_few_dots(quoted(policy.guest))} {}

  std::string take() { return std::move(text_); }

  void table(const std::string& name = {}) { header("[", name, "]\n"); }

  void item(const std::string& name) { header("[[", name, "]]\n"); }

  void line(std::string_view key, const std::string& value) {
    text_.append(key).append(" = ").append(with_few_dots(value)).append("\n");
  }

  /// One text by itself, others as a list.
  void texts(std::string_view key, const std::vector<std::string>& values) {
    line(key, values.size() == 1 ? quoted(values.front()) : list(values));
  }

  static std::string list(const std::vector<std::string>& values) {
    std::string text;
    for (const auto& value : values) text.append(text.empty() ? "" : ", ").append(quoted(value));
    return "[" + text + "]";
  }

  void names(const HostCallNames& names) {
    const std::vector<std::string> any{"*"};
    texts("binding", names.bindings);
    if (names.name_spaces != any) texts("namespace", names.name_spaces);
    if (names.operations != any) texts("operation", names.operations);
  }

  template <typename Record>
  void numbers(const Record& record, const auto& keys) {
    for (const auto& key : keys) {
      const auto& value = record.*key.member;
      if (!value) continue;
      line(key.name, key.unit == Unit::bytes ? quoted(bytes_text(*value)) : std::to_string(*value));
    }
  }

  template <typename Record>
  void times(const Record& record, const auto& keys) {
    for (const auto& key : keys) {
      if (const auto& value = record.*key.member) line(key.name, quoted(time_text(*value)));
    }
  }

 private:
  void header(std::string_view open, const std::string& name, std::string_view close) {
    if (!text_.empty()) text_ += "\n";
    text_.append(open).append(path_).append(name.empty() ? "" : ".").append(name).append(close);
  }

  std::string path_;
  std::string text_;
};

void write_wasi(Writer& writer, const PolicyWasi& wasi) {
  if (wasi == PolicyWasi{}) return;
  writer.table("wasi");
  if (!wasi.arguments.empty()) writer.line("arguments", Writer::list(wasi.arguments));
  writer.times(wasi, kWasiTimes);
  writer.numbers(wasi, kWasiNumbers);
  if (!wasi.environment.empty()) {
    writer.table("wasi.env");
    for (const auto& [name, value] : wasi.environment) {
      writer.line(with_few_dots(quoted(name)), quoted(value));
    }
  }
  for (const auto& directory : wasi.directories) {
    writer.item("wasi.directory");
    writer.line("host", quoted(directory.host_path));
    if (directory.guest_path != directory.host_path) {
      writer.line("guest", quoted(directory.guest_path));
    }
    if (directory.access == DirectoryAccess::read_write) {
      writer.line("access", quoted("read_write"));
    }
  }
}

std::string write(const GuestPolicy& policy) {
  Writer writer{policy};
  writer.table();
  if (policy.on_denial == OnDenial::end_call) writer.line("on_denial", quoted("end_call"));
  for (const auto& names : policy.deny) {
    writer.item("deny");
    writer.names(names);
  }
  for (const auto& rule : policy.allow) {
    writer.item("allow");
    writer.names(rule.names);
    writer.numbers(rule, kAllowNumbers);
  }
  if (policy.limits != PolicyLimits{}) {
    writer.table("limits");
    writer.times(policy.limits, kLimitTimes);
    writer.numbers(policy.limits, kLimitNumbers);
  }
  if (policy.module != PolicyModuleLimits{}) {
    writer.table("module");
    writer.times(policy.module, kModuleTimes);
    writer.numbers(policy.module, kModuleNumbers);
  }
  write_wasi(writer, policy.wasi);
  return writer.take();
}

}  // namespace

std::string write_policy(const Policy& policy) {
  std::string text;
  for (const auto& guest : policy.guests) {
    text.append(text.empty() ? "" : "\n").append(write(guest));
  }
  return text;
}

}  // namespace wapc
