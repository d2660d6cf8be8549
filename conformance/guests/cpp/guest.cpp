// A guest in C++20, as a WASI reactor without exceptions or RTTI: its operations are registered by
// constructors, so `_initialize` has to run before the first call.
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "../c/wapc_guest.h"

namespace {

/// What an operation or the host gave: `ok` tells an answer from an error's text.
struct Outcome {
  bool ok;
  std::string bytes;
};

Outcome success(std::string bytes) {
  return {true, std::move(bytes)};
}

Outcome failure(std::string text) {
  return {false, std::move(text)};
}

Outcome host_call(std::string_view binding, std::string_view name_space, std::string_view operation,
                  std::string_view payload) {
  if (wapc_host_call(binding.data(), binding.size(), name_space.data(), name_space.size(),
                     operation.data(), operation.size(), payload.data(), payload.size()) == 1) {
    std::string reply(wapc_host_response_length(), '\0');
    wapc_host_response(reply.data());
    return success(std::move(reply));
  }
  std::string text(wapc_host_error_length(), '\0');
  wapc_host_error(text.data());
  return failure(std::move(text));
}

Outcome echo(std::string payload) {
  return success(std::move(payload));
}

Outcome hello(std::string payload) {
  const auto pong = host_call("myBinding", "wapc:sample", "Ping", payload);
  return pong.ok ? success("hello world!") : failure("host call failed: " + pong.bytes);
}

Outcome fail(std::string payload) {
  return failure(payload.empty() ? "failed on purpose" : std::move(payload));
}

Outcome relay(std::string payload) {
  return host_call("conformance", "guest", "relay", payload);
}

Outcome log(std::string payload) {
  wapc_console_log(payload.data(), payload.size());
  return success("");
}

Outcome print(std::string payload) {
  payload.push_back('\n');
  std::fwrite(payload.data(), 1, payload.size(), stdout);
  std::fflush(stdout);
  return success("");
}

Outcome panic(std::string) {
  std::abort();
}

using Operation = Outcome (*)(std::string payload);

const std::map<std::string, Operation, std::less<>> kOperations{
    {"echo", echo},   {"wapc:sample!Hello", hello},
    {"fail", fail},   {"host", relay},
    {"log", log},     {"print", print},
    {"panic", panic},
};

Outcome dispatch(const std::string& operation, std::string payload) {
  const auto found = kOperations.find(operation);
  return found == kOperations.end() ? failure("No handler registered for function " + operation)
                                    : found->second(std::move(payload));
}

}  // namespace

int wapc_guest_call(std::size_t operation_length, std::size_t payload_length) {
  std::string operation(operation_length, '\0');
  std::string payload(payload_length, '\0');
  wapc_guest_request(operation.data(), payload.data());

  const auto outcome = dispatch(operation, std::move(payload));
  if (outcome.ok) {
    wapc_guest_response(outcome.bytes.data(), outcome.bytes.size());
  } else {
    wapc_guest_error(outcome.bytes.data(), outcome.bytes.size());
  }
  return outcome.ok ? 1 : 0;
}
