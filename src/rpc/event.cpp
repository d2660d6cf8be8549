#include "wapc/rpc/event.hpp"

#include <utility>

namespace wapc {
namespace {

class FunctionSink final : public EventSink {
 public:
  explicit FunctionSink(std::function<void(const Event&)> function)
      : function_{std::move(function)} {}

  void record(const Event& event) override { function_(event); }

 private:
  std::function<void(const Event&)> function_;
};

}  // namespace

std::string_view to_string(EventKind kind) noexcept {
  switch (kind) {
    case EventKind::loaded: return "loaded";
    case EventKind::started: return "started";
    case EventKind::replaced: return "replaced";
    case EventKind::host_call: return "host_call";
    case EventKind::denied: return "denied";
    case EventKind::call_failed: return "call_failed";
    case EventKind::tenant_loaded: return "tenant_loaded";
    case EventKind::tenant_dropped: return "tenant_dropped";
  }
  std::unreachable();
}

std::shared_ptr<EventSink> recording_to(std::function<void(const Event&)> function) {
  return std::make_shared<FunctionSink>(std::move(function));
}

void record_safely(EventSink* sink, const Event& event) noexcept {
  if (sink == nullptr) return;
  try {
    sink->record(event);
  } catch (...) {  // NOLINT(bugprone-empty-catch): nobody is left to tell.
  }
}

}  // namespace wapc
