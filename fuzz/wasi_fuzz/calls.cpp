#include "wasi_fuzz/calls.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <stdexcept>
#include <string>
#include <string_view>

#include "wasi_fuzz/world.hpp"

namespace wapc::fuzzing {
namespace {

constexpr Parameter kDescriptor{Kind::descriptor};
constexpr Parameter kDirectory{Kind::directory};
constexpr Parameter kText{Kind::text};
constexpr Parameter kBuffer{Kind::buffer};
constexpr Parameter kPartsToRead{Kind::parts_to_read};
constexpr Parameter kPartsToFill{Kind::parts_to_fill};
constexpr Parameter kFileStat{Kind::result, 64, 56};
constexpr Parameter kSubscriptions{Kind::subscriptions, 48, 56};
constexpr Parameter kRights{Kind::rights};
constexpr Parameter kSize{Kind::size};
constexpr Parameter kLookup{Kind::choice, 2};
constexpr Parameter kTimeFlags{Kind::choice, 16};
constexpr Parameter kOpenFlags{Kind::choice, 16};
constexpr Parameter kDescriptorFlags{Kind::choice, 32};

constexpr Parameter result(std::uint32_t bytes) {
  return {Kind::result, bytes};
}

constexpr Parameter one_of(std::uint32_t count) {
  return {Kind::choice, count};
}

struct Shape {
  std::string_view name;
  std::vector<Parameter> parameters;
};

const std::vector<Shape>& shapes() {
  static const std::vector<Shape> kShapes{
      {"args_get", {result(8), result(17)}},
      {"args_sizes_get", {result(4), result(4)}},
      {"environ_get", {result(8), result(15)}},
      {"environ_sizes_get", {result(4), result(4)}},
      {"clock_res_get", {one_of(4), result(8)}},
      {"clock_time_get", {one_of(4), kSize, result(8)}},
      {"fd_advise", {kDescriptor, kSize, kSize, one_of(6)}},
      {"fd_allocate", {kDescriptor, kSize, kSize}},
      {"fd_close", {kDescriptor}},
      {"fd_datasync", {kDescriptor}},
      {"fd_fdstat_get", {kDescriptor, result(24)}},
      {"fd_fdstat_set_flags", {kDescriptor, kDescriptorFlags}},
      {"fd_fdstat_set_rights", {kDescriptor, kRights, kRights}},
      {"fd_filestat_get", {kDescriptor, kFileStat}},
      {"fd_filestat_set_size", {kDescriptor, kSize}},
      {"fd_filestat_set_times", {kDescriptor, kSize, kSize, kTimeFlags}},
      {"fd_pread", {kDescriptor, kPartsToFill, kSize, result(4)}},
      {"fd_prestat_get", {kDirectory, result(8)}},
      {"fd_prestat_dir_name", {kDirectory, result(2), kSize}},  // Of the name's size.
      {"fd_pwrite", {kDescriptor, kPartsToRead, kSize, result(4)}},
      {"fd_read", {kDescriptor, kPartsToFill, result(4)}},
      {"fd_readdir", {kDirectory, kBuffer, kSize, result(4)}},
      {"fd_renumber", {kDescriptor, kDescriptor}},
      {"fd_seek", {kDescriptor, kSize, one_of(3), result(8)}},
      {"fd_sync", {kDescriptor}},
      {"fd_tell", {kDescriptor, result(8)}},
      {"fd_write", {kDescriptor, kPartsToRead, result(4)}},
      {"path_create_directory", {kDirectory, kText}},
      {"path_filestat_get", {kDirectory, kLookup, kText, kFileStat}},
      {"path_filestat_set_times", {kDirectory, kLookup, kText, kSize, kSize, kTimeFlags}},
      {"path_link", {kDirectory, kLookup, kText, kDirectory, kText}},
      {"path_open",
       {kDirectory, kLookup, kText, kOpenFlags, kRights, kRights, kDescriptorFlags, result(4)}},
      {"path_readlink", {kDirectory, kText, kBuffer, result(4)}},
      {"path_remove_directory", {kDirectory, kText}},
      {"path_rename", {kDirectory, kText, kDirectory, kText}},
      {"path_symlink", {kText, kDirectory, kText}},
      {"path_unlink_file", {kDirectory, kText}},
      {"poll_oneoff", {kSubscriptions, result(4)}},
      {"proc_exit", {kSize}},
      {"proc_raise", {kSize}},
      {"sched_yield", {}},
      {"random_get", {kBuffer}},
      {"sock_accept", {kDescriptor, kDescriptorFlags, result(4)}},
      {"sock_recv", {kDescriptor, kPartsToFill, one_of(4), result(4), result(2)}},
      {"sock_send", {kDescriptor, kPartsToRead, one_of(4), result(4)}},
      {"sock_shutdown", {kDescriptor, one_of(4)}},
  };
  return kShapes;
}

/// How many parameters in WebAssembly it is.
std::size_t width(Kind kind) {
  switch (kind) {
    case Kind::text:
    case Kind::buffer:
    case Kind::parts_to_read:
    case Kind::parts_to_fill: return 2;
    case Kind::subscriptions: return 3;
    default: return 1;
  }
}

std::vector<Parameter> parameters_of(const HostFunction& function) {
  const auto shape = std::ranges::find(shapes(), function.name, &Shape::name);
  if (shape == shapes().end()) throw std::runtime_error{"a function of an unknown shape"};
  auto parameters = shape->parameters;
  std::size_t count = 0;
  for (auto& parameter : parameters) {
    count += width(parameter.kind);
    if (function.module == "wasi_unstable" && parameter.count_unstable != 0) {
      parameter.count = parameter.count_unstable;
    }
  }
  if (count != function.signature.parameters.size()) {
    throw std::runtime_error{"a function of another shape"};
  }
  return parameters;
}

constexpr std::array<std::string_view, 44> kNames{"file",
                                                  "dir",
                                                  "new",
                                                  "dir/file",
                                                  "dir/below",
                                                  "link",
                                                  "other",
                                                  "dir/new",
                                                  "out",
                                                  "up",
                                                  "loop",
                                                  "absolute",
                                                  "fifo",
                                                  ".",
                                                  "..",
                                                  "../file",
                                                  "dir/",
                                                  "new/",
                                                  "file/",
                                                  "link/",
                                                  "out/secret",
                                                  "out/file",
                                                  "up/ro",
                                                  "up/",
                                                  "dir/..",
                                                  "dir/../..",
                                                  "dir/out",
                                                  "dir/below/../../file",
                                                  "/",
                                                  "/etc",
                                                  "//",
                                                  "",
                                                  "\xFF\xFE",
                                                  "\xC3\xA9",
                                                  "../outside/secret",
                                                  "./dir/./.",
                                                  "dir//file",
                                                  "../ro",
                                                  "up/rw/file",
                                                  "absolute/",
                                                  "socket",
                                                  "device",
                                                  "device/",
                                                  "out/."};

constexpr std::array<std::string_view, 8> kTargets{"file", "dir",        "..",    "../outside",
                                                   "new",  "dir/below/", "../..", "/etc"};

class Maker {
 public:
  Maker(GuestMemory memory, Choices& choices) : memory_{memory}, choices_{choices} {}

  void add(const Parameter& parameter) {
    switch (parameter.kind) {
      case Kind::descriptor: return push(choices_.one_of(kDescriptors));
      case Kind::directory: return push(choices_.one_of(kDirectories));
      case Kind::text: return add_text();
      case Kind::buffer: return add_buffer();
      case Kind::parts_to_read:
      case Kind::parts_to_fill: return add_parts();
      case Kind::result: return push(room_for(parameter.count));
      case Kind::subscriptions: return add_subscriptions(parameter.count);
      case Kind::choice: return push(choices_.below(parameter.count + 1));
      case Kind::rights: return push(some_rights());
      case Kind::size: return push(some_size());
    }
  }

  [[nodiscard]] std::vector<std::uint64_t> take() { return std::move(arguments_); }

 private:
  // The first are open when a guest begins (see `Guest`), in an order in which what most functions
  // work on comes first.
  static constexpr std::array<std::uint32_t, 12> kDescriptors{5, 6, 0, 1, 7, 3, 2, 4, 8, 9, 10, 11};
  static constexpr std::array<std::uint32_t, 8> kDirectories{3, 7, 3, 4, 8, 9, 5, 0};

  static constexpr std::uint32_t kTextsAt = 1024;  // And lists.
  static constexpr std::uint32_t kResultsAt = 32768;

  void push(std::uint64_t argument) { arguments_.push_back(argument); }

  [[nodiscard]] std::uint32_t end() const { return static_cast<std::uint32_t>(memory_.size()); }

  /// Puts bytes that a function reads into the memory, and returns where: one after the other, or
  /// at the memory's end.
  std::uint32_t place(BytesView bytes) {
    const auto size = static_cast<std::uint32_t>(bytes.size());
    const auto at = choices_.rarely(16) ? end() - size : next_text_;
    if (at == next_text_) next_text_ += size + 8;
    (void)write(memory_, at, bytes);
    return at;
  }

  /// Where a result of so many bytes goes: it has room there, just about, or not; or it overwrites
  /// what another argument points to.
  std::uint32_t room_for(std::uint32_t size) {
    switch (choices_.below(32)) {
      case 28: return end() - size;
      case 29: return end() - size + 1;
      case 30: return kTextsAt;
      case 31: return choices_.number<std::uint32_t>();
      default: return next_result_ += 256;
    }
  }

  std::string some_name() {
    switch (choices_.below(8)) {
      case 5: {
        const std::string first{choices_.one_of(kNames)};
        return first + "/" + std::string{choices_.one_of(kNames)};
      }
      case 6: return std::string{as_text(choices_.bytes(40))};
      case 7: return long_name();
      default: return std::string{choices_.one_of(kNames)};
    }
  }

  std::string long_name() {
    constexpr std::array<std::string_view, 7> kRepeated{"./",  "dir/../", "/", "n",
                                                        "../", "\xF0",    "d/"};
    constexpr std::array<std::size_t, 6> kSizes{255, 256, 4094, 4095, 4096, 9000};
    const auto repeated = choices_.one_of(kRepeated);
    const auto size = choices_.one_of(kSizes);
    std::string name;
    if (repeated == "d/") return deep_name();
    while (name.size() < size) name += repeated;
    name.resize(size);
    if (choices_.rarely(2)) name.replace(name.size() - 4, 4, "file");
    return name;
  }

  /// In the deep directory, and out of it again.
  std::string deep_name() {
    std::string name = "deep";
    for (auto down = choices_.below(kDeep + 4); down > 0; --down) name += "/d";
    for (auto up = choices_.below(kDeep + 4); up > 0; --up) name += "/..";
    return name;
  }

  void add_text() {
    // In half of the functions with two texts the first may be where a link leads.
    const auto text = choices_.rarely(8) ? std::string{choices_.one_of(kTargets)} : some_name();
    push(place(as_bytes(text)));
    push(text.size());
  }

  std::uint32_t some_length() {
    constexpr std::array<std::uint32_t, 12> kLengths{100, 24,    1,     0,     4096,   30,
                                                     50,  16384, 65535, 65536, 131072, UINT32_MAX};
    return choices_.one_of(kLengths);
  }

  void add_buffer() {
    const auto length = some_length();
    push(room_for(length));
    push(length);
  }

  void add_parts() {
    constexpr std::array<std::uint32_t, 8> kCounts{1, 2, 0, 5, 64, 65, 1024, 1025};
    const auto count = choices_.one_of(kCounts);
    Bytes list(std::size_t{8} * count);
    // Long lists are made of few different parts.
    std::array<std::array<std::uint32_t, 2>, 4> parts{};
    for (std::size_t i = 0; i < std::min<std::size_t>(count, parts.size()); ++i) {
      const auto length = some_length();
      parts[i] = {room_for(length), length};
    }
    for (std::size_t i = 0; i < count; ++i) {
      store(list, i * 8, parts[i % parts.size()][0]);
      store(list, i * 8 + 4, parts[i % parts.size()][1]);
    }
    push(place(list));
    push(count);
  }

  void add_subscriptions(std::uint32_t size) {
    constexpr std::array<std::uint32_t, 8> kCounts{1, 2, 3, 5, 0, 100, 4096, 4097};
    const auto count = choices_.one_of(kCounts);
    const auto made = std::min<std::size_t>(count, 5);
    Bytes list(made * size);
    const bool unstable = size == 56;
    for (std::size_t i = 0; i < made; ++i) {
      const GuestMemory one{list.data() + i * size, size};
      const auto type = static_cast<std::uint8_t>(choices_.below(4));
      store(one, 0, std::uint64_t{0xABCD} + i);
      store(one, 8, type);
      store(one, 16, choices_.one_of(std::array<std::uint32_t, 8>{0, 1, 2, 5, 6, 3, 9, 7}));
      if (type != 0) continue;
      const std::size_t clock = unstable ? 24 : 16;
      store(one, clock, static_cast<std::uint32_t>(choices_.below(4)));
      store(one, clock + 8, some_size());
      store(one, clock + 24, static_cast<std::uint16_t>(choices_.below(3)));
    }
    // Of a long list the rest is what stands in the memory.
    push(place(list));
    push(room_for(32 * count));
    push(count);
  }

  std::uint64_t some_rights() {
    constexpr std::uint64_t kEvery = (1U << 30U) - 1;
    constexpr std::uint64_t kReadAndWrite = 1U << 1U | 1U << 6U;
    switch (choices_.below(6)) {
      case 0: return kReadAndWrite;
      case 1: return kEvery;
      case 2: return kEvery & ~(std::uint64_t{1} << choices_.below(30));
      case 3: return std::uint64_t{1} << choices_.below(64);
      case 4: return 0;
      default: return choices_.number<std::uint64_t>();
    }
  }

  std::uint64_t some_size() {
    constexpr std::array<std::uint64_t, 16> kSizes{0,
                                                   1,
                                                   10,
                                                   2,
                                                   4096,
                                                   1'000'000,
                                                   1'000'000'000,
                                                   1'700'000'000'000'000'000,
                                                   UINT32_MAX,
                                                   INT32_MAX,
                                                   INT64_MAX,
                                                   INT64_MAX - 1,
                                                   UINT64_MAX,
                                                   UINT64_MAX - 9,
                                                   std::uint64_t{1} << 63U,
                                                   100'000};
    const auto choice = choices_.below(18);
    if (choice == 16) return choices_.byte();
    if (choice == 17) return choices_.number<std::uint64_t>();
    return kSizes[choice];
  }

  GuestMemory memory_;
  Choices& choices_;
  std::vector<std::uint64_t> arguments_;
  std::uint32_t next_text_ = kTextsAt;
  std::uint32_t next_result_ = kResultsAt;
};

/// What no function expects.
void spoil(std::vector<std::uint64_t>& arguments, const HostFunction& function, Choices& choices) {
  if (arguments.empty()) return;
  const auto spoiled = choices.below(32);
  if (spoiled == 31) {
    for (auto& argument : arguments) argument = choices.number<std::uint64_t>();
  } else if (spoiled >= 28) {
    arguments[choices.below(arguments.size())] = choices.number<std::uint64_t>();
  } else if (spoiled == 27) {
    arguments[choices.below(arguments.size())] = UINT32_MAX - choices.below(4);
  }
  // What is in the higher half of an i32 means nothing.
  const bool with_rest = choices.rarely(8);
  for (std::size_t i = 0; with_rest && i < arguments.size(); ++i) {
    if (function.signature.parameters[i] != ValueType::i32) continue;
    arguments[i] = (arguments[i] & UINT32_MAX) | std::uint64_t{0xDEAD} << 32U;
  }
}

}  // namespace

std::vector<GuestMemory> Call::writable(GuestMemory memory) const {
  std::vector<GuestMemory> regions;
  const auto add = [&](std::uint64_t pointer, std::uint64_t size) {
    const auto region = slice(memory, static_cast<std::uint32_t>(pointer), size);
    if (region) regions.push_back(*region);
  };
  std::size_t at = 0;
  for (const auto& parameter : parameters) {
    const auto pointer = static_cast<std::uint32_t>(arguments[at]);
    if (parameter.kind == Kind::result) add(pointer, parameter.count);
    if (parameter.kind == Kind::buffer) add(pointer, static_cast<std::uint32_t>(arguments[at + 1]));
    if (parameter.kind == Kind::subscriptions) {
      add(arguments[at + 1], std::uint64_t{32} * static_cast<std::uint32_t>(arguments[at + 2]));
    }
    if (parameter.kind == Kind::parts_to_fill) {
      const auto count = static_cast<std::uint32_t>(arguments[at + 1]);
      const auto list = slice(memory, pointer, std::size_t{8} * count);
      for (std::size_t i = 0; list && i < count; ++i) {
        add(load<std::uint32_t>(*list, i * 8), load<std::uint32_t>(*list, i * 8 + 4));
      }
    }
    at += width(parameter.kind);
  }
  return regions;
}

Call make_call(const HostFunction& function, GuestMemory memory, Choices& choices) {
  Call call{.function = &function, .parameters = parameters_of(function), .arguments = {}};
  Maker maker{memory, choices};
  for (const auto& parameter : call.parameters) maker.add(parameter);
  call.arguments = maker.take();
  spoil(call.arguments, function, choices);
  return call;
}

}  // namespace wapc::fuzzing
