#include "providers/wasm3/loader.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>

#include "base/try.hpp"
#include "engine/native_stack.hpp"
#include "engine/native_thread.hpp"
#include "providers/wasm3/errors.hpp"

namespace wapc::wasm3 {
namespace {

// Enough for the 1,000 nested blocks that wasm3's validator allows, also under AddressSanitizer.
constexpr std::size_t kCompileStack = 1U << 20U;

// Beyond that: what is taken before the compiler is entered, and by functions that do not look at
// the limit (the validator has a frame of 50 KiB).
constexpr std::size_t kBefore = 32U << 10U;
constexpr std::size_t kUnchecked = 96U << 10U;

// In proportion to the module. Real ones take 2 steps and 6 bytes of code for each of their bytes.
constexpr std::uint64_t kWorkPerByte = 100;
constexpr std::uint64_t kWorkMin = 50'000'000;
constexpr std::uint64_t kCodePerByte = 24;
constexpr std::uint64_t kCodeMin = 4U << 20U;

// For a thread of our own, on whose stack the system also keeps what is local to threads.
constexpr std::size_t kThreadExtra = 2U << 20U;

struct Work {
  std::size_t stack_bytes = 0;
  const std::function<void(const void* limit)>& run;
  bool done = false;
};

void run_if_there_is_room(Work& work) {
  if (native_stack_left() < work.stack_bytes + kBefore + kUnchecked) return;
  const auto* const here = static_cast<const std::byte*>(__builtin_frame_address(0));
  work.run(here - (work.stack_bytes + kBefore));
  work.done = true;
}

}  // namespace

Result<> with_stack(std::size_t stack_bytes, const std::function<void(const void* limit)>& run) {
  Work work{stack_bytes, run};
  run_if_there_is_room(work);
  if (!work.done) {
    // Joined at once.
    static_cast<void>(NativeThread::start(stack_bytes + kBefore + kUnchecked + kThreadExtra,
                                          [&work] { run_if_there_is_room(work); }));
  }
  if (!work.done) return failure(Errc::limit_exceeded, "no thread to compile the module on");
  return {};
}

Result<std::size_t> try_to_compile(BytesView wasm) {
  static constexpr std::uint32_t kNoTicks = 0;
  const WapcWasm3Options options{&kNoTicks, nullptr, nullptr, 0};
  const Wasm3Handle module{wapc_wasm3_new(&options)};
  if (!module) return std::unexpected{cannot_run(m3Err_mallocFailed)};
  const WapcWasm3LoadLimits limits{.work_max = std::max(wasm.size() * kWorkPerByte, kWorkMin),
                                   .code_bytes_max = std::max(wasm.size() * kCodePerByte, kCodeMin),
                                   .validate = true};
  WapcWasm3LoadCost cost{};
  M3Result result = m3Err_none;
  WAPC_CHECK(with_stack(kCompileStack, [&](const void* stack_limit) {
    result = wapc_wasm3_parse(module.get(), reinterpret_cast<const std::uint8_t*>(wasm.data()),
                              wasm.size(), stack_limit, &limits);
    if (result == m3Err_none) result = wapc_wasm3_compile(module.get(), &cost);
  }));
  if (result != m3Err_none) return std::unexpected{cannot_run(result)};
  return cost.stack_bytes;
}

}  // namespace wapc::wasm3
