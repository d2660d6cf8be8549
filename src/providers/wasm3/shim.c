#include "providers/wasm3/shim.h"

#include <stdlib.h>
#include <string.h>

#include "m3_env.h"
#include "m3_exec_defs.h"

struct WapcWasm3 {
  IM3Environment environment;
  IM3Runtime runtime;
  IM3Module module;
};

/* Declared by no header of wasm3's. */
M3Result InitGlobals(IM3Module io_module);
M3Result InitTableAndElements(IM3Module io_module);
M3Result InitDataSegments(M3Memory* io_memory, IM3Module io_module);

WapcWasm3* wapc_wasm3_new(const WapcWasm3Options* options) {
  WapcWasm3* self = calloc(1, sizeof *self);
  if (self == NULL) return NULL;
  self->environment = m3_NewEnvironment();
  if (self->environment != NULL) {
    self->runtime = m3_NewRuntime(self->environment, options->value_stack_bytes, NULL);
  }
  if (self->runtime == NULL) {
    wapc_wasm3_free(self);
    return NULL;
  }
  self->runtime->ticks = options->ticks;
  self->runtime->lookAtBudget = options->look;
  self->runtime->budget = options->budget;
  return self;
}

void wapc_wasm3_free(WapcWasm3* self) {
  if (self == NULL) return;
  m3_FreeRuntime(self->runtime); /* And the module. */
  m3_FreeEnvironment(self->environment);
  free(self);
}

M3Result wapc_wasm3_parse(WapcWasm3* self, const uint8_t* wasm, size_t size,
                          const void* stack_limit, const WapcWasm3LoadLimits* limits) {
  if (size > UINT32_MAX) return "the module is larger than 4 GiB";
  IM3Runtime runtime = self->runtime;
  runtime->compileWorkMax = limits->work_max;
  runtime->codeBytesMax = limits->code_bytes_max;
  runtime->validate = limits->validate;
  runtime->compileStackLimit = (void*)stack_limit;
  M3Result result = m3_ParseModule(self->environment, &self->module, wasm, (uint32_t)size);
  if (result != m3Err_none) return result;
  /* As m3_LoadModule does, which also makes memory and tables: a module that is only looked at has
     no need of them. The runtime owns the module from here on. */
  self->module->runtime = runtime;
  self->module->next = runtime->modules;
  runtime->modules = self->module;
  return m3Err_none;
}

uint32_t wapc_wasm3_import_count(const WapcWasm3* self) {
  return self->module->numFuncImports;
}

M3Result wapc_wasm3_link(WapcWasm3* self, uint32_t index, M3HostCall call, const void* userdata) {
  return CompileRawFunction(self->module, &self->module->functions[index], (const void*)call,
                            userdata);
}

M3Result wapc_wasm3_compile(WapcWasm3* self, WapcWasm3LoadCost* cost) {
  IM3Runtime runtime = self->runtime;
  char* here = m3_NativeStackPtr();
  runtime->compileStackLow = here;
  M3Result result = m3_CompileModule(self->module);
  if (cost != NULL) {
    cost->work = runtime->compileWork;
    cost->code_bytes = runtime->codeBytes;
    cost->stack_bytes = (size_t)(here - (char*)runtime->compileStackLow);
  }
  return result;
}

M3Result wapc_wasm3_make_memory(WapcWasm3* self, uint32_t pages_max) {
  M3Memory* memory = &self->runtime->memory;
  const M3MemoryInfo* declared = &self->module->memoryInfo;
  memory->pageSize = declared->pageSize != 0 ? declared->pageSize : d_m3DefaultMemPageSize;
  memory->maxPages = pages_max;
  /* Also where there is none: what stands before the memory is needed to run anything. */
  return ResizeMemory(self->runtime, declared->initPages);
}

M3Result wapc_wasm3_make_globals(WapcWasm3* self) {
  return InitGlobals(self->module);
}

M3Result wapc_wasm3_make_tables(WapcWasm3* self, const uint32_t* elements_max) {
  for (uint32_t i = 0; i < self->module->numTables; ++i) {
    self->module->tables[i].maxSize = elements_max[i];
  }
  return InitTableAndElements(self->module);
}

M3Result wapc_wasm3_fill_memory(WapcWasm3* self) {
  return InitDataSegments(&self->runtime->memory, self->module);
}

uint64_t* wapc_wasm3_values(const WapcWasm3* self) {
  return self->runtime->stack;
}

M3Result wapc_wasm3_call(WapcWasm3* self, uint32_t function, const void* stack_limit) {
  IM3Runtime runtime = self->runtime;
  M3MemoryHeader* memory = runtime->memory.mallocated;
  runtime->numFrames = 0;
  runtime->stackLimit = memory->stackLimit = (void*)stack_limit;
  return (M3Result)RunCode(self->module->functions[function].compiled, (m3stack_t)runtime->stack,
                           memory, d_m3OpDefaultArgs);
}

size_t wapc_wasm3_frames(const WapcWasm3* self, uint32_t* functions, size_t max) {
  size_t count = self->runtime->numFrames;
  if (count > max) count = max;
  for (size_t i = 0; i < count; ++i) {
    functions[i] = (uint32_t)(self->runtime->frames[i] - self->module->functions);
  }
  return count;
}

_Static_assert(sizeof(WapcWasm3Memory) == sizeof(M3MemoryHeader), "the bytes follow the header");
_Static_assert(offsetof(WapcWasm3Memory, size) == offsetof(M3MemoryHeader, length), "the same");

WapcWasm3Memory* const* wapc_wasm3_memory(const WapcWasm3* self) {
  return (WapcWasm3Memory* const*)&self->runtime->memory.mallocated;
}
