#ifndef WAPC_PROVIDERS_WASM3_SHIM_H
#define WAPC_PROVIDERS_WASM3_SHIM_H

/* What the provider needs of wasm3 and its public header does not offer: functions by index, memory
   and tables within limits, a native stack limit and a budget for each call, and the frames of a
   call that failed. Implemented by shim.c, the only file of ours that sees wasm3's insides; it is
   compiled with wasm3, as C and with the same settings. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "providers/wasm3/names.h"
#include "wasm3.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One module in a runtime and an environment of its own. Used by one thread at a time. */
typedef struct WapcWasm3 WapcWasm3;

/* Called while guest code runs, when the counter at `ticks` has moved on. What it returns ends the
   call, unless it is null. */
typedef M3Result (*WapcWasm3Look)(void* budget);

typedef struct WapcWasm3Options {
  const uint32_t* ticks; /* Outlives the module; read atomically. */
  WapcWasm3Look look;
  void* budget;
  uint32_t value_stack_bytes;
} WapcWasm3Options;

/* What may be spent on loading. */
typedef struct WapcWasm3LoadLimits {
  uint64_t work_max;       /* Steps of the compiler's searches. */
  uint64_t code_bytes_max; /* Compiled code. */
  bool validate;           /* Also run wasm3's own validator. */
} WapcWasm3LoadLimits;

typedef struct WapcWasm3LoadCost {
  uint64_t work;
  uint64_t code_bytes;
  size_t stack_bytes; /* Native stack, from the entry of the function of the shim on. */
} WapcWasm3LoadCost;

/* Null when there is no memory for it. */
WapcWasm3* wapc_wasm3_new(const WapcWasm3Options* options);
void wapc_wasm3_free(WapcWasm3* self);

/* Parses `wasm`, which has been validated and outlives `self`. `stack_limit` is the lowest address
   that the compiler's recursion may come to. */
M3Result wapc_wasm3_parse(WapcWasm3* self, const uint8_t* wasm, size_t size,
                          const void* stack_limit, const WapcWasm3LoadLimits* limits);

uint32_t wapc_wasm3_import_count(const WapcWasm3* self);

/* Lets `call` with `userdata` answer the `index`-th imported function. */
M3Result wapc_wasm3_link(WapcWasm3* self, uint32_t index, M3HostCall call, const void* userdata);

/* Compiles every function. `cost` may be null. */
M3Result wapc_wasm3_compile(WapcWasm3* self, WapcWasm3LoadCost* cost);

/* The steps of instantiation, in the order of the specification. The memory has `pages_max` pages
   at most, the i-th table `elements_max[i]` elements. Each fails with m3Err_mallocFailed when there
   is no memory; making tables and filling memory otherwise only when a segment lies out of bounds.
 */
M3Result wapc_wasm3_make_memory(WapcWasm3* self, uint32_t pages_max);
M3Result wapc_wasm3_make_globals(WapcWasm3* self);
M3Result wapc_wasm3_make_tables(WapcWasm3* self, const uint32_t* elements_max);
M3Result wapc_wasm3_fill_memory(WapcWasm3* self);

/* The stack of values, valid as long as `self`. A call's results are at its start, its arguments
   behind them: 64 bits each, of which an i32 uses the low half and leaves what is in the other. */
uint64_t* wapc_wasm3_values(const WapcWasm3* self);

/* Runs the `function`-th function, whose arguments are on the stack of values. Guest code traps
   when the native stack comes to lie below `stack_limit`. */
M3Result wapc_wasm3_call(WapcWasm3* self, uint32_t function, const void* stack_limit);

/* The indices of the functions that a call which failed was in, innermost first, without the one
   that was called; at most `max`. Returns how many. */
size_t wapc_wasm3_frames(const WapcWasm3* self, uint32_t* functions, size_t max);

/* What stands before the bytes of the memory; checked against wasm3's own idea of it in shim.c. */
typedef struct WapcWasm3Memory {
  const void* not_ours[2];
  size_t size;
  const void* not_ours_either[3];
} WapcWasm3Memory;

/* Where the memory is, at any moment; valid as long as `self`. What it points to moves when the
   guest grows its memory. Null at first. */
WapcWasm3Memory* const* wapc_wasm3_memory(const WapcWasm3* self);

#ifdef __cplusplus
}
#endif

#endif
