#include "cli/call_report.hpp"

#include <algorithm>
#include <numeric>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "base/try.hpp"
#include "cli/host_rules.hpp"
#include "cli/text.hpp"
#include "cli/units.hpp"
#include "wapc/base/utf8.hpp"

namespace wapc::cli {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kHostCallsKept = 1000;
constexpr std::size_t kHostCallBytesKept = 4096;

/// Puts `bytes` into `object` as `key`, and how to read it back as `key_encoding`.
void put_bytes(Json& object, const std::string& key, BytesView bytes, Form form) {
  const auto text = as_text(bytes);
  if (form == Form::hex) {
    object[key] = to_hex(bytes);
    object[key + "_encoding"] = "hex";
  } else if (is_utf8(text)) {
    object[key] = text;
    object[key + "_encoding"] = "text";
  } else {
    object[key] = to_base64(bytes);
    object[key + "_encoding"] = "base64";
  }
}

/// The same of at most the first few kilobytes, with the number of all of them.
void put_some_bytes(Json& object, const std::string& key, BytesView bytes) {
  auto kept = std::min(bytes.size(), kHostCallBytesKept);
  const auto inside_character = [&] {
    return (std::to_integer<unsigned>(bytes[kept]) & 0xC0U) == 0x80U;
  };
  // Text stays text.
  for (int i = 0; i < 3 && kept < bytes.size() && kept > 0 && inside_character(); ++i) --kept;
  put_bytes(object, key, bytes.first(kept), Form::raw);
  object[key + "_bytes"] = bytes.size();
}

struct Times {
  std::int64_t min;
  std::int64_t median;
  std::int64_t max;
};

Times times(std::vector<std::chrono::nanoseconds> durations) {
  std::ranges::sort(durations);
  return {durations.front().count(), durations[durations.size() / 2].count(),
          durations.back().count()};
}

/// What stands in every object: which engine, how long, which host calls.
Json common(const CallRecord& record) {
  const auto total =
      std::accumulate(record.durations.begin(), record.durations.end(), std::chrono::nanoseconds{});
  return {{"engine", record.engine},
          {"calls", record.durations.size()},
          {"duration_ns", total.count()},
          {"host_call_count", record.host_calls},
          {"host_calls", record.first_host_calls}};
}

/// The answer as it is written to standard output, but for what a terminal needs.
Outcome<std::string> shown(const CallRecord& record) {
  if (record.form == Form::hex) return to_hex(record.answer) + "\n";
  if (record.form == Form::raw) return std::string{as_text(record.answer)};
  WAPC_TRY(const auto value, msgpack_to_json(record.answer));
  return json_text(value);
}

}  // namespace

void CallRecord::add_host_call(const HostCall& call, const Result<>& outcome, BytesView reply) {
  ++host_calls;
  if (first_host_calls.size() >= kHostCallsKept) return;
  const auto some = [](std::string_view text) {
    return to_utf8(text.substr(0, kHostCallBytesKept));
  };
  Json object{{"guest_id", call.guest_id},
              {"binding", some(call.binding)},
              {"namespace", some(call.name_space)},
              {"operation", some(call.operation)}};
  put_some_bytes(object, "payload", call.payload);
  if (outcome) {
    put_some_bytes(object, "answer", reply);
  } else {
    object["error"] = some(outcome.error().message());
  }
  first_host_calls.push_back(std::move(object));
}

std::string describe_host_call(std::uint64_t number, const HostCall& call, const Result<>& outcome,
                               BytesView reply) {
  const auto answer =
      outcome ? in_quotes(as_text(reply)) : "error " + in_quotes(outcome.error().message());
  return fmt::format("host call {}: guest {}: {} {} -> {}\n", number, call.guest_id, names_of(call),
                     in_quotes(as_text(call.payload)), answer);
}

Outcome<> print(const CallRecord& record, std::uint64_t repeat, Streams& streams) {
  WAPC_TRY(auto text, shown(record));
  if (streams.out_is_terminal()) {
    if (!is_plain(text)) {
      text = printable_prose(text);
      streams.error(
          "wapc: the answer is no plain text and is shown with escapes; pipe it to get its bytes, "
          "or "
          "use --hex\n");
    }
    if (!text.empty() && !text.ends_with('\n')) text += '\n';
  }
  WAPC_CHECK(streams.out(text));
  if (repeat > 1) {
    const auto [min, median, max] = times(record.durations);
    streams.error(fmt::format("wapc: {} calls: min {}, median {}, max {}\n", repeat,
                              describe(std::chrono::nanoseconds{min}),
                              describe(std::chrono::nanoseconds{median}),
                              describe(std::chrono::nanoseconds{max})));
  }
  return {};
}

Outcome<> print_json(const CallRecord& record, std::uint64_t repeat, Streams& streams) {
  auto object = common(record);
  object["ok"] = true;
  object["answer_bytes"] = record.answer.size();
  if (record.form == Form::msgpack) {
    WAPC_TRY(object["answer"], msgpack_to_json(record.answer));
    object["answer_encoding"] = "msgpack";
  } else {
    put_bytes(object, "answer", record.answer, record.form);
  }
  if (repeat > 1) {
    const auto [min, median, max] = times(record.durations);
    object["call_times"] = {{"min_ns", min}, {"median_ns", median}, {"max_ns", max}};
  }
  return streams.out(json_text(object));
}

Outcome<> print_json_failure(const CallRecord& record, const Problem& problem, Streams& streams) {
  auto object = common(record);
  object["ok"] = false;
  object["error"] = to_json(problem);
  return streams.out(json_text(object));
}

}  // namespace wapc::cli
