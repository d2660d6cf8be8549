// Takes any bytes for a module: the reader says what they are, and every engine loads them, or says
// why not. Engines that have the features that a module needs say the same of it. What loads is
// started and called, with tight limits and a short deadline. The lines that it carries are read.
//
// Half of the time it does not change bytes here and there, which mostly gives what is refused at
// once, but the contents of one section or of one function, and writes the sizes anew.

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "check.hpp"
#include "generated_guest/stage.hpp"
#include "generated_guest/writer.hpp"
#include "wapc/providers/builtin.hpp"
#include "wapc/wasm/module_info.hpp"
#include "wasm/source_lines.hpp"

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t size_max);

namespace wapc::fuzzing {
namespace {

constexpr std::size_t kHeader = 8;
constexpr std::uint8_t kCodeSection = 10;
constexpr std::size_t kOffsetsMax = 4096;  // Into the file, of which the lines are asked.

std::vector<std::unique_ptr<Engine>> make_engines() {
  std::vector<std::unique_ptr<Engine>> engines;
  for (const auto& engine : builtin_engines()) engines.push_back(engine.make().value());
  return engines;
}

/// What the reader says: the features that are needed, when it is valid.
std::optional<FeatureSet> read(BytesView wasm) {
  const auto module = read_module(wasm, FeatureSet::all());
  const auto needed = features_needed(wasm);
  check(module.has_value() == needed.has_value(), "the reader is of two minds");
  if (!module) {
    const auto& error = module.error();
    check(error.code() == Errc::invalid_module || error.code() == Errc::limit_exceeded,
          "a code that is not documented", error.message());
    check(error.message() == needed.error().message(), "the reader is of two minds");
    return std::nullopt;
  }
  check(read_module(wasm, *needed).has_value(), "not valid with the features that it needs");
  check(module->export_indices.size() == module->exports.size(), "exports without an index");
  for (const auto& section : module->sections) {
    check(section.offset <= wasm.size() && section.size <= wasm.size() - section.offset,
          "a section outside of the module");
  }
  if (module->source_lines) {
    for (std::size_t offset = 0; offset < std::min(wasm.size(), kOffsetsMax); ++offset) {
      const auto line = module->source_lines->at(offset);
      check(!line || line->line != 0, "a line that is none");
    }
  }
  return *needed;
}

bool refused(const Transcript& transcript) {
  return transcript.front().starts_with("not loaded: ");
}

void check_engine(const Engine& engine, const Transcript& transcript,
                  std::optional<FeatureSet> needed) {
  const auto& outcome = transcript.front();
  const auto whose = engine.info().name + ": " + outcome;
  if (!needed) return check(refused(transcript), "what is not valid was loaded", whose);
  const bool lacks = !needed->without(engine.info().features).empty();
  check(lacks == outcome.contains("the engine lacks what the module needs"),
        "a feature is lacked, or is not", whose);
}

void run(BytesView wasm) {
  static const auto kEngines = make_engines();
  const auto needed = read(wasm);
  std::string first;
  for (const auto& engine : kEngines) {
    const auto transcript =
        perform(*engine, wasm, {.timeout = std::chrono::milliseconds{5}, .calls = 1});
    check_engine(*engine, transcript, needed);
    if (!needed || !needed->without(engine->info().features).empty()) continue;
    const auto outcome = refused(transcript) ? transcript.front() : "loaded";
    if (outcome.contains("wasm3 cannot run this module")) continue;
    if (outcome.contains("for CPUs without AVX")) continue;  // Winch, on a processor of few means.
    if (first.empty()) first = outcome;
    check(outcome == first, "the engines do not agree", first + " and " + outcome);
  }
}

// --- Changing a module ---------------------------------------------------------------------------

/// Reads what is in front of `rest`, and takes it away.
std::optional<std::size_t> number(BytesView& rest) {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 35 && !rest.empty(); shift += 7) {
    const auto byte = std::to_integer<std::uint64_t>(rest.front());
    rest = rest.subspan(1);
    value |= (byte & 0x7FU) << shift;
    if (byte < 0x80) return static_cast<std::size_t>(value);
  }
  return std::nullopt;
}

std::optional<BytesView> sized(BytesView& rest) {
  const auto size = number(rest);
  if (!size || *size > rest.size()) return std::nullopt;
  const auto part = rest.first(*size);
  rest = rest.subspan(*size);
  return part;
}

struct Part {
  std::uint8_t id;  // Of a section.
  Bytes bytes;
};

/// The sections of a module, as far as they are such.
std::vector<Part> sections_of(BytesView wasm) {
  std::vector<Part> sections;
  if (wasm.size() < kHeader) return sections;
  for (auto rest = wasm.subspan(kHeader); !rest.empty();) {
    const auto id = std::to_integer<std::uint8_t>(rest.front());
    rest = rest.subspan(1);
    const auto contents = sized(rest);
    if (!contents) break;
    sections.push_back({id, {contents->begin(), contents->end()}});
  }
  return sections;
}

std::vector<Part> bodies_of(BytesView section) {
  std::vector<Part> bodies;
  auto rest = section;
  if (!number(rest)) return bodies;
  while (const auto body = sized(rest)) bodies.push_back({0, {body->begin(), body->end()}});
  return bodies;
}

void change_bytes(Bytes& bytes) {
  constexpr std::size_t kMore = 16;
  const auto size = bytes.size();
  bytes.resize(size + kMore);
  bytes.resize(LLVMFuzzerMutate(reinterpret_cast<std::uint8_t*>(bytes.data()), size, bytes.size()));
}

/// Changes one function's body, its size and that of the section with it.
void change_body(Bytes& section, std::size_t which) {
  auto bodies = bodies_of(section);
  if (bodies.empty()) return change_bytes(section);
  change_bytes(bodies[which % bodies.size()].bytes);
  Writer code;
  code.number(bodies.size());
  for (const auto& body : bodies) {
    Writer written;
    written.bytes(body.bytes);
    code.sized(written);
  }
  section = code.written();
}

Bytes change(BytesView wasm, std::uint32_t seed) {
  auto sections = sections_of(wasm);
  if (sections.empty()) return {};
  const auto which = seed % sections.size();
  auto& section = sections[which];
  switch (seed / 64 % 8) {
    case 0: sections.erase(sections.begin() + static_cast<std::ptrdiff_t>(which)); break;
    case 1: std::swap(section, sections[seed / 512 % sections.size()]); break;
    case 2: section.id = static_cast<std::uint8_t>(seed / 512 % 14); break;
    default:
      if (section.id == kCodeSection) {
        change_body(section.bytes, seed / 512);
      } else {
        change_bytes(section.bytes);
      }
  }
  Writer changed;
  changed.bytes(wasm.first(kHeader));
  for (const auto& [id, bytes] : sections) {
    Writer contents;
    contents.bytes(bytes);
    changed.byte(id);
    changed.sized(contents);
  }
  return changed.written();
}

}  // namespace
}  // namespace wapc::fuzzing

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t size_max, unsigned seed) {
  if (seed % 2 == 0) return LLVMFuzzerMutate(data, size, size_max);
  const auto changed = wapc::fuzzing::change(std::as_bytes(std::span{data, size}), seed / 2);
  if (changed.empty() || changed.size() > size_max) return LLVMFuzzerMutate(data, size, size_max);
  std::memcpy(data, changed.data(), changed.size());
  return changed.size();
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  wapc::fuzzing::run(std::as_bytes(std::span{bytes, size}));
  return 0;
}
