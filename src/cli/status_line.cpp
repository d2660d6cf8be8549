#include "cli/status_line.hpp"

#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <system_error>
#include <utility>

#include "cli/text.hpp"

namespace wapc::cli {
namespace {

constexpr std::string_view kWipe = "\r\x1b[K";  // To the begin of the line, and all of it away.

/// Of a name: the line has to fit into the terminal's, or it would not be wiped whole.
constexpr std::size_t kNameBytesMax = 40;

void show_until(const std::stop_token& stop, const StatusLineOptions& options,
                const std::function<std::string()>& text) {
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock{mutex};
  bool shown = false;
  for (auto next = std::chrono::steady_clock::now() + options.first;; next += options.step) {
    never.wait_until(lock, stop, next, [] { return false; });
    if (stop.stop_requested()) break;
    options.write(std::string{kWipe} + text());
    shown = true;
  }
  if (shown) options.write(kWipe);
}

}  // namespace

StatusLine::StatusLine(StatusLineOptions options, std::function<std::string()> text) {
  if (!options.write) return;
  try {
    thread_ = std::jthread{[options = std::move(options), text = std::move(text)](
                               const std::stop_token& stop) { show_until(stop, options, text); }};
  } catch (const std::system_error&) {
    // No thread is left for this: what it would show goes on all the same.
    return;
  }
}

std::string shortened(std::string_view name) {
  auto text = printable(name);
  if (text.size() <= kNameBytesMax) return text;
  auto kept = kNameBytesMax;
  // Not in the middle of a character.
  while (kept > 0 && (static_cast<unsigned char>(text[kept]) & 0xC0U) == 0x80U) --kept;
  return text.substr(0, kept).append("...");
}

}  // namespace wapc::cli
