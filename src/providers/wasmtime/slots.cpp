#include "providers/wasmtime/slots.hpp"

#include <algorithm>
#include <limits>
#include <mutex>

#include <sys/mman.h>

#include "providers/wasmtime/core.hpp"

namespace wapc::wasmtime {
namespace {

// An instance that is dropped leaves its slot as its module begins: by copying over so much, which
// costs less than giving pages back and having them again, and by giving back the rest. All of a
// slot's memories together, and all of its tables.
constexpr std::size_t kKeptOfMemories = 192U << 10U;
constexpr std::size_t kKeptOfTables = 64U << 10U;

// Of a memory that is too large to be copied whole, the first: there guests begin to write.
constexpr std::size_t kKeptOfLarge = 64U << 10U;

// What a slot for a table has room for, where the module would let it grow without end.
constexpr std::uint64_t kTableElements = InstanceLimits{}.table_elements;
constexpr std::uint64_t kElementBytes = 16;  // At most.

// An instance of a module with collected objects takes one memory more, for its heap.
#ifdef WASMTIME_FEATURE_GC
constexpr std::uint32_t kHeaps = 1;
#else
constexpr std::uint32_t kHeaps = 0;
#endif

std::uint64_t room_for(const TableType& table) {
  const auto most = table.elements_max.value_or(std::numeric_limits<std::uint64_t>::max());
  return std::max(table.elements_min, std::min(most, kTableElements));
}

std::uint64_t room_for(const std::vector<TableType>& tables) {
  std::uint64_t room = 0;
  for (const auto& table : tables) room = std::max(room, room_for(table));
  return room;
}

std::size_t kept_of(const std::vector<MemoryType>& memories) {
  if (memories.empty()) return 0;
  const auto share = kKeptOfMemories / memories.size();
  const bool whole = std::ranges::all_of(memories, [&](const MemoryType& memory) {
    return memory.pages_min <= share / memory.page_bytes;
  });
  return whole ? share : std::min(share, kKeptOfLarge);
}

/// Whether the process may map so many bytes more; readable and writable, or only in name.
bool may_map(std::uint64_t bytes, bool writable) noexcept {
  if (bytes == 0) return true;
  if (bytes > std::numeric_limits<std::size_t>::max()) return false;
  const auto size = static_cast<std::size_t>(bytes);
  constexpr int kKind = MAP_PRIVATE | MAP_ANONYMOUS;
  void* const found = ::mmap(nullptr, size, writable ? PROT_READ | PROT_WRITE : PROT_NONE,
                             writable ? kKind : kKind | MAP_NORESERVE, -1, 0);
  if (found == MAP_FAILED) return false;
  ::munmap(found, size);
  return true;
}

#ifdef WASMTIME_FEATURE_POOLING_ALLOCATOR
EngineHandle make_engine(const Core& core, const ModuleInfo& info, std::uint64_t table_elements) {
  const auto slots = core.slots();
  const auto memories = static_cast<std::uint32_t>(info.memories.size());
  const auto tables = static_cast<std::uint32_t>(info.tables.size());

  // One at a time: the others would take what was found to be there.
  const std::scoped_lock lock{core.slots_mutex()};
  if (table_elements > std::numeric_limits<std::uint32_t>::max() ||
      !has_room_for_slots(slots, memories, tables * table_elements)) {
    return nullptr;
  }

  const CHandle<wasmtime_pooling_allocation_config_t, wasmtime_pooling_allocation_config_delete>
      config{wasmtime_pooling_allocation_config_new()};
  auto* const to = config.get();
  wasmtime_pooling_allocation_config_total_core_instances_set(to, slots);
  wasmtime_pooling_allocation_config_total_memories_set(to, slots * (memories + kHeaps));
  wasmtime_pooling_allocation_config_total_tables_set(to, slots * tables);
  wasmtime_pooling_allocation_config_total_gc_heaps_set(to, slots * kHeaps);
#ifdef WASMTIME_FEATURE_ASYNC
  wasmtime_pooling_allocation_config_total_stacks_set(to, 0);
#endif
  wasmtime_pooling_allocation_config_max_memories_per_module_set(to, memories);
  wasmtime_pooling_allocation_config_max_tables_per_module_set(to, tables);
  wasmtime_pooling_allocation_config_max_memory_size_set(to, kMemoryReservation);
  wasmtime_pooling_allocation_config_table_elements_set(to, table_elements);
  // Only compared with, and what the module takes was settled when it was compiled.
  wasmtime_pooling_allocation_config_max_core_instance_size_set(to, std::size_t{1} << 30U);
  wasmtime_pooling_allocation_config_linear_memory_keep_resident_set(to, kept_of(info.memories));
  wasmtime_pooling_allocation_config_table_keep_resident_set(to,
                                                             kKeptOfTables / std::max(tables, 1U));
  wasmtime_pooling_allocation_config_max_unused_warm_slots_set(to, slots);
  return core.make_engine(*to);
}
#else
EngineHandle make_engine(const Core& /*core*/, const ModuleInfo& /*info*/,
                         std::uint64_t /*table_elements*/) {
  return nullptr;
}
#endif

}  // namespace

std::unique_ptr<const Slots> Slots::make(const Core& core, const ModuleInfo& info,
                                         const Artefact& artefact) {
  if (std::ranges::any_of(info.memories, &MemoryType::is_64)) return nullptr;
  const auto table_elements = room_for(info.tables);
  auto engine = make_engine(core, info, table_elements);
  if (!engine) return nullptr;
  auto module = deserialize(engine.get(), artefact);
  if (!module) return nullptr;
  return std::unique_ptr<const Slots>{new Slots{core, std::move(engine), *std::move(module),
                                                info.tables,
                                                static_cast<std::size_t>(table_elements)}};
}

Slots::Slots(const Core& core, EngineHandle engine, ModuleHandle module,
             std::vector<TableType> tables, std::size_t table_elements)
    : core_{core},
      engine_{std::move(engine)},
      module_{std::move(module)},
      tables_{std::move(tables)},
      table_elements_{table_elements},
      free_{core.slots()} {
  core_.add_to_ticks(engine_.get());
}

Slots::~Slots() {
  if (core_.ticker().alive()) {
    core_.drop_from_ticks(engine_.get());
    return;
  }
  // In a forked process the allocator's locks may be held by threads that are not there.
  [[maybe_unused]] const auto* const module = module_.release();
  [[maybe_unused]] const auto* const engine = engine_.release();
}

Slots::Lease Slots::take(const InstanceLimits& limits) const noexcept {
  const auto has_room = [&](const TableType& table) {
    return std::min<std::uint64_t>(
               table.elements_max.value_or(std::numeric_limits<std::uint64_t>::max()),
               limits.table_elements) <= table_elements_;
  };
  if (!std::ranges::all_of(tables_, has_room)) return {};
  auto free = free_.load(std::memory_order_relaxed);
  while (free > 0) {
    if (free_.compare_exchange_weak(free, free - 1, std::memory_order_acquire)) return Lease{free_};
  }
  return {};
}

Result<ModuleHandle> deserialize(wasm_engine_t* engine, const Artefact& artefact) {
  wasmtime_module_t* module = nullptr;
  const auto bytes = artefact.bytes();
  const ErrorHandle error{
      artefact.path().empty()
          ? wasmtime_module_deserialize(engine, reinterpret_cast<const std::uint8_t*>(bytes.data()),
                                        bytes.size(), &module)
          : wasmtime_module_deserialize_file(engine, artefact.path().c_str(), &module)};
  if (error) return failure(Errc::unsupported, "wasmtime: " + message_of(*error));
  return ModuleHandle{module};
}

// wasmtime ends the program when it does not get what it maps. So that is looked for first, and
// twice as much, as somebody else may take some meanwhile. Tables are mapped to be written to at
// once, which counts where there is a limit on that (RLIMIT_DATA, strict overcommitting).
bool has_room_for_slots(std::uint32_t slots, std::uint64_t memories,
                        std::uint64_t table_elements) noexcept {
  return may_map(std::uint64_t{2} * slots * (memories + kHeaps) * kMemoryAddresses, false) &&
         may_map(std::uint64_t{2} * slots * table_elements * kElementBytes, true);
}

}  // namespace wapc::wasmtime
