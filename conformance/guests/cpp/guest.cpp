// A guest in C++20, as a WASI reactor without exceptions or RTTI: its operations are registered by
// constructors, so `_initialize` has to run before the first call.
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <dirent.h>
#include <time.h>
#include <wasi/api.h>

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

Outcome print_line(std::string payload, std::FILE* stream) {
  payload.push_back('\n');
  std::fwrite(payload.data(), 1, payload.size(), stream);
  std::fflush(stream);
  return success("");
}

Outcome print(std::string payload) {
  return print_line(std::move(payload), stdout);
}

Outcome print_error(std::string payload) {
  return print_line(std::move(payload), stderr);
}

Outcome failure_of_errno() {
  return failure(std::strerror(errno));
}

template <auto close>
struct Closer {
  void operator()(auto* handle) const { close(handle); }
};

// libc++ is built without a filesystem for WASI, so without fstream.
using File = std::unique_ptr<std::FILE, Closer<std::fclose>>;
using Directory = std::unique_ptr<DIR, Closer<closedir>>;

Outcome read(std::string path) {
  const File file{std::fopen(path.c_str(), "r")};
  if (!file) return failure_of_errno();
  std::string bytes;
  for (int c = 0; (c = std::getc(file.get())) != EOF;) bytes.push_back(static_cast<char>(c));
  return std::ferror(file.get()) != 0 ? failure_of_errno() : success(std::move(bytes));
}

Outcome write(std::string payload) {
  const auto end_of_path = payload.find('\n');
  if (end_of_path == std::string::npos) return failure("no path");
  const auto text = std::string_view{payload}.substr(end_of_path + 1);
  File file{std::fopen(payload.substr(0, end_of_path).c_str(), "w")};
  if (!file) return failure_of_errno();
  const bool written = std::fwrite(text.data(), 1, text.size(), file.get()) == text.size();
  const bool closed = std::fclose(file.release()) == 0;
  return written && closed ? success("") : failure_of_errno();
}

std::string lines(const auto& texts) {
  std::string all;
  for (const std::string_view text : texts) all.append(text).push_back('\n');
  return all;
}

Outcome list(std::string path) {
  const Directory directory{opendir(path.c_str())};
  if (!directory) return failure_of_errno();
  std::set<std::string> names;
  errno = 0;
  while (const dirent* entry = readdir(directory.get())) names.insert(entry->d_name);
  if (errno != 0) return failure_of_errno();
  names.erase(".");
  names.erase("..");
  return success(lines(names));
}

Outcome variable(std::string name) {
  const char* const value = std::getenv(name.c_str());
  return value == nullptr ? failure("no such variable") : success(value);
}

// A reactor has no main that would be handed them.
Outcome arguments(std::string) {
  std::size_t count = 0;
  std::size_t size = 0;
  if (__wasi_args_sizes_get(&count, &size) != 0) return failure("no arguments");
  std::vector<std::uint8_t*> pointers(count);
  std::vector<std::uint8_t> texts(size);
  if (__wasi_args_get(pointers.data(), texts.data()) != 0) return failure("no arguments");
  std::vector<std::string> arguments;
  for (const auto* pointer : pointers) {
    arguments.emplace_back(reinterpret_cast<const char*>(pointer));
  }
  return success(lines(arguments));
}

Outcome seconds(std::string) {
  const auto since = std::chrono::system_clock::now().time_since_epoch();
  return success(std::to_string(std::chrono::duration_cast<std::chrono::seconds>(since).count()));
}

// Without threads there is no std::this_thread.
Outcome sleep_for(std::string payload) {
  const long milliseconds = std::atol(payload.c_str());
  const timespec duration{milliseconds / 1000, milliseconds % 1000 * 1'000'000};
  return nanosleep(&duration, nullptr) == 0 ? success("") : failure_of_errno();
}

Outcome random_bytes(std::string) {
  std::random_device device;
  std::string bytes;
  for (int i = 0; i < 4; ++i) {
    const std::uint32_t number = device();
    bytes.append(reinterpret_cast<const char*>(&number), sizeof number);
  }
  return success(std::move(bytes));
}

Outcome end(std::string payload) {
  std::exit(std::atoi(payload.c_str()));
}

Outcome panic(std::string) {
  std::abort();
}

using Operation = Outcome (*)(std::string payload);

const std::map<std::string, Operation, std::less<>> kOperations{
    {"echo", echo},
    {"wapc:sample!Hello", hello},
    {"fail", fail},
    {"host", relay},
    {"log", log},
    {"print", print},
    {"print-error", print_error},
    {"read", read},
    {"write", write},
    {"list", list},
    {"env", variable},
    {"args", arguments},
    {"time", seconds},
    {"sleep", sleep_for},
    {"random", random_bytes},
    {"exit", end},
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
