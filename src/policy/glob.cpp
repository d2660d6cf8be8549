#include "policy/glob.hpp"

#include <numeric>

namespace wapc {
namespace {

/// Takes `part` off the front of `text`, with all before it. The first place is as good as any
/// other: stars stretch.
bool take(std::string_view& text, std::string_view part) {
  const auto found = text.find(part);
  if (found == std::string_view::npos) return false;
  text.remove_prefix(found + part.size());
  return true;
}

}  // namespace

Glob::Glob(std::string_view text) : parts_(1) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '*') {
      parts_.emplace_back();
      continue;
    }
    if (text[i] == '\\' && i + 1 < text.size()) ++i;
    parts_.back() += text[i];
  }
}

bool Glob::matches(std::string_view name) const {
  if (parts_.size() == 1) return name == parts_.front();
  if (!name.starts_with(parts_.front())) return false;
  name.remove_prefix(parts_.front().size());
  for (std::size_t i = 1; i + 1 < parts_.size(); ++i) {
    if (!take(name, parts_[i])) return false;
  }
  return name.ends_with(parts_.back());
}

// As `matches`, of a text whose stars stand for characters that only a star of ours can match.
bool Glob::covers(const Glob& other) const {
  if (is_exact() || other.is_exact()) return other.is_exact() && matches(other.name());
  std::string_view first = other.parts_.front();
  std::string_view last = other.parts_.back();
  if (!first.starts_with(parts_.front()) || !last.ends_with(parts_.back())) return false;
  first.remove_prefix(parts_.front().size());
  last.remove_suffix(parts_.back().size());
  std::size_t at = 0;  // Which part of the other's is being looked through, and what is left of it.
  std::string_view rest = first;
  for (std::size_t i = 1; i + 1 < parts_.size(); ++i) {
    while (!take(rest, parts_[i])) {
      if (++at == other.parts_.size()) return false;
      rest = at + 1 == other.parts_.size() ? last : std::string_view{other.parts_[at]};
    }
  }
  return true;
}

std::string Glob::shortest() const {
  auto text = glob_of(parts_.front());
  for (std::size_t i = 1; i < parts_.size(); ++i) {
    const bool last = i + 1 == parts_.size();
    if (!last && parts_[i].empty()) continue;  // Two stars in a row.
    text.append("*").append(glob_of(parts_[i]));
  }
  return text;
}

std::size_t Glob::size() const noexcept {
  return std::accumulate(parts_.begin(), parts_.end(), std::size_t{0},
                         [](std::size_t sum, const auto& part) { return sum + part.size(); });
}

std::string glob_of(std::string_view name, std::string_view also) {
  std::string glob;
  for (const char c : name) {
    if (c == '*' || c == '\\' || also.find(c) != std::string_view::npos) glob += '\\';
    glob += c;
  }
  return glob;
}

}  // namespace wapc
