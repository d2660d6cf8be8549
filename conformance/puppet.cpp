#include "wapc/conformance/puppet.hpp"

#include <cassert>

namespace wapc::conformance {
namespace {

/// Where answers of the host are fetched to: the upper half of scratch memory.
constexpr std::uint32_t kFetchedAt = kScratchAt + kScratchBytes / 2;

std::uint32_t size_of(BytesView bytes) {
  return static_cast<std::uint32_t>(bytes.size());
}

}  // namespace

void Script::add(std::uint32_t number) {
  for (auto shift = 0U; shift < 32; shift += 8) {
    bytes_.push_back(static_cast<std::byte>(number >> shift));
  }
}

Script& Script::say(Verb verb, std::initializer_list<std::uint32_t> arguments) {
  add(static_cast<std::uint32_t>(verb));
  for (const auto argument : arguments) add(argument);
  return *this;
}

Script& Script::put(std::uint32_t pointer, BytesView bytes) {
  say(Verb::put, {pointer, size_of(bytes)});
  bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
  while (bytes_.size() % 4 != 0) bytes_.push_back(std::byte{0});
  return *this;
}

Script& Script::store(const Script& script) {
  Script length;
  length.add(size_of(script.bytes()));
  return put(kStoredScriptAt, length.bytes()).put(kStoredScriptAt + 4, script.bytes());
}

std::uint32_t Script::keep(std::string_view text) {
  const auto pointer = kScratchAt + kept_;
  put(pointer, text);
  kept_ += size_of(as_bytes(text));
  assert(kept_ <= kScratchBytes / 2);
  return pointer;
}

Script& Script::of_text(Verb verb, std::string_view text) {
  const auto pointer = keep(text);
  return say(verb, {pointer, size_of(as_bytes(text))});
}

Script& Script::host_call(std::string_view binding, std::string_view name_space,
                          std::string_view operation, std::string_view payload) {
  const auto binding_at = keep(binding);
  const auto namespace_at = keep(name_space);
  const auto operation_at = keep(operation);
  const auto payload_at = keep(payload);
  return say(Verb::host_call,
             {binding_at, size_of(as_bytes(binding)), namespace_at, size_of(as_bytes(name_space)),
              operation_at, size_of(as_bytes(operation)), payload_at, size_of(as_bytes(payload))});
}

Script& Script::respond_with_host_response(std::uint32_t length) {
  return say(Verb::host_response, {kFetchedAt}).respond_from(kFetchedAt, length);
}

Script& Script::respond_with_host_error(std::uint32_t length) {
  return say(Verb::host_error, {kFetchedAt}).respond_from(kFetchedAt, length);
}

}  // namespace wapc::conformance
