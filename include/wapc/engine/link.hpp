#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "wapc/base/error.hpp"
#include "wapc/engine/engine.hpp"

namespace wapc {

/// What answers one import of a module.
struct ResolvedImport {
  const HostFunction* function;
  std::size_t table;  ///< Which of the tables it is from, and so which state it works on.
};

/// Finds for each import of `imports`, in order, the first function of `tables` that has its
/// module and name. Fails with `invalid_module`; the message lists every import that no table
/// offers, and every one whose type is another than the one offered. Fails with
/// `unsupported` when an offered function is none that engines can call. For those who write an
/// engine.
[[nodiscard]] Result<std::vector<ResolvedImport>> resolve_imports(
    std::span<const Import> imports, std::span<const ImportTable> tables);

}  // namespace wapc
