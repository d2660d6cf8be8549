/* What the peer uses of Extism's C API; the library's wheel carries no header. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ExtismPlugin ExtismPlugin;
typedef struct ExtismCompiledPlugin ExtismCompiledPlugin;
typedef struct ExtismCurrentPlugin ExtismCurrentPlugin;
typedef struct ExtismFunction ExtismFunction;

enum { EXTISM_I64 = 1 };

typedef struct {
  int type;

  union {
    int64_t i64;
    double f64;
  } value;
} ExtismVal;

typedef void (*ExtismBody)(ExtismCurrentPlugin* plugin, const ExtismVal* inputs,
                           uint64_t input_count, ExtismVal* outputs, uint64_t output_count,
                           void* data);

ExtismFunction* extism_function_new(const char* name, const int* inputs, uint64_t input_count,
                                    const int* outputs, uint64_t output_count, ExtismBody body,
                                    void* data, void (*free_data)(void*));
void extism_function_free(ExtismFunction* function);

/* Takes what is in `functions`, whose shells remain to be freed. */
ExtismCompiledPlugin* extism_compiled_plugin_new(const uint8_t* wasm, uint64_t size,
                                                 const ExtismFunction** functions, uint64_t count,
                                                 bool with_wasi, char** error);
void extism_compiled_plugin_free(ExtismCompiledPlugin* plugin);

ExtismPlugin* extism_plugin_new_from_compiled(const ExtismCompiledPlugin* compiled, char** error);
void extism_plugin_free(ExtismPlugin* plugin);

int32_t extism_plugin_call(ExtismPlugin* plugin, const char* function, const uint8_t* input,
                           uint64_t size);
const char* extism_plugin_error(ExtismPlugin* plugin);
uint64_t extism_plugin_output_length(ExtismPlugin* plugin);
const uint8_t* extism_plugin_output_data(ExtismPlugin* plugin);

/* For host functions: blocks of Extism's memory, by their offset in it. */
uint8_t* extism_current_plugin_memory(ExtismCurrentPlugin* plugin);
uint64_t extism_current_plugin_memory_length(ExtismCurrentPlugin* plugin, uint64_t block);
uint64_t extism_current_plugin_memory_alloc(ExtismCurrentPlugin* plugin, uint64_t size);

#ifdef __cplusplus
}
#endif
