// A guest in C with nothing beneath it: no C library, no WASI. Memory comes from a bump allocator
// that starts afresh with every call and grows the memory as far as the payload asks for.
#include "wapc_guest.h"

typedef struct {
  char* data;
  size_t length;
} Text;

#define TEXT(literal) ((Text){(char*)(literal), sizeof(literal) - 1})

enum { kPageBytes = 65536 };

extern char __heap_base[];
static size_t heap_top;

// A null pointer when the host grants no more memory.
static char* allocate(size_t length) {
  const size_t start = heap_top;
  const size_t available = __builtin_wasm_memory_size(0) * (size_t)kPageBytes - start;
  if (length > available) {
    const size_t pages = (length - available - 1) / kPageBytes + 1;
    if (__builtin_wasm_memory_grow(0, pages) == (size_t)-1) {
      return NULL;
    }
  }
  heap_top = start + length;
  return (char*)start;
}

static int answer(Text text) {
  wapc_guest_response(text.data, text.length);
  return 1;
}

static int fail(Text text) {
  wapc_guest_error(text.data, text.length);
  return 0;
}

static int fail_for_memory(void) {
  return fail(TEXT("out of memory"));
}

static int equal(Text a, Text b) {
  if (a.length != b.length) {
    return 0;
  }
  for (size_t i = 0; i < a.length; ++i) {
    if (a.data[i] != b.data[i]) {
      return 0;
    }
  }
  return 1;
}

static int fail_with(Text what, Text why) {
  char* const joined = allocate(what.length + why.length);
  if (joined == NULL) {
    return fail_for_memory();
  }
  for (size_t i = 0; i < what.length; ++i) {
    joined[i] = what.data[i];
  }
  for (size_t i = 0; i < why.length; ++i) {
    joined[what.length + i] = why.data[i];
  }
  return fail((Text){joined, what.length + why.length});
}

// Whether the host answered; its answer or its error is fetched by the caller.
static int host_call(Text binding, Text name_space, Text operation, Text payload) {
  return wapc_host_call(binding.data, binding.length, name_space.data, name_space.length,
                        operation.data, operation.length, payload.data, payload.length) == 1;
}

static Text host_error(void) {
  const size_t length = wapc_host_error_length();
  char* const data = allocate(length);
  if (data == NULL) {
    return TEXT("out of memory");
  }
  wapc_host_error(data);
  return (Text){data, length};
}

static int hello(Text payload) {
  if (!host_call(TEXT("myBinding"), TEXT("wapc:sample"), TEXT("Ping"), payload)) {
    return fail_with(TEXT("host call failed: "), host_error());
  }
  return answer(TEXT("hello world!"));
}

static int relay(Text payload) {
  if (!host_call(TEXT("conformance"), TEXT("guest"), TEXT("relay"), payload)) {
    return fail(host_error());
  }
  const size_t length = wapc_host_response_length();
  char* const data = allocate(length);
  if (data == NULL) {
    return fail_for_memory();
  }
  wapc_host_response(data);
  return answer((Text){data, length});
}

static int log_line(Text payload) {
  wapc_console_log(payload.data, payload.length);
  return answer(TEXT(""));
}

int wapc_guest_call(size_t operation_length, size_t payload_length) {
  heap_top = (size_t)__heap_base;
  char* const operation_data = allocate(operation_length);
  char* const payload_data = allocate(payload_length);
  if (operation_data == NULL || payload_data == NULL) {
    return fail_for_memory();
  }
  wapc_guest_request(operation_data, payload_data);
  const Text operation = {operation_data, operation_length};
  const Text payload = {payload_data, payload_length};

  if (equal(operation, TEXT("echo"))) {
    return answer(payload);
  }
  if (equal(operation, TEXT("wapc:sample!Hello"))) {
    return hello(payload);
  }
  if (equal(operation, TEXT("fail"))) {
    return fail(payload.length == 0 ? TEXT("failed on purpose") : payload);
  }
  if (equal(operation, TEXT("host"))) {
    return relay(payload);
  }
  if (equal(operation, TEXT("log"))) {
    return log_line(payload);
  }
  if (equal(operation, TEXT("panic"))) {
    __builtin_trap();
  }
  return fail_with(TEXT("No handler registered for function "), operation);
}
