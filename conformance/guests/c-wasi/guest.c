// A guest in C on a C library: a WASI reactor, whose `_initialize` the host calls first. Its memory
// is malloc's, and two operations reach WASI: `print` writes to standard output, `panic` to
// standard error.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../c/wapc_guest.h"

static char* allocate(size_t length) {
  char* const data = malloc(length + 1);
  if (data == NULL) {
    fprintf(stderr, "out of memory: %zu bytes\n", length);
    abort();
  }
  data[length] = '\0';
  return data;
}

static int answer(const char* data, size_t length) {
  wapc_guest_response(data, length);
  return 1;
}

static int fail(const char* data, size_t length) {
  wapc_guest_error(data, length);
  return 0;
}

// The caller frees it.
static char* host_error(void) {
  char* const text = allocate(wapc_host_error_length());
  wapc_host_error(text);
  return text;
}

static int host_call(const char* binding, const char* name_space, const char* operation,
                     const char* payload, size_t length) {
  return wapc_host_call(binding, strlen(binding), name_space, strlen(name_space), operation,
                        strlen(operation), payload, length) == 1;
}

static int fail_with(const char* what, const char* why) {
  char* const text = allocate(strlen(what) + strlen(why));
  strcpy(text, what);
  strcat(text, why);
  fail(text, strlen(text));
  free(text);
  return 0;
}

static int echo(const char* payload, size_t length) {
  return answer(payload, length);
}

static int hello(const char* payload, size_t length) {
  if (!host_call("myBinding", "wapc:sample", "Ping", payload, length)) {
    char* const text = host_error();
    fail_with("host call failed: ", text);
    free(text);
    return 0;
  }
  return answer("hello world!", strlen("hello world!"));
}

static int fail_on_purpose(const char* payload, size_t length) {
  return length == 0 ? fail_with("failed on purpose", "") : fail(payload, length);
}

static int relay(const char* payload, size_t length) {
  if (!host_call("conformance", "guest", "relay", payload, length)) {
    const size_t error_length = wapc_host_error_length();
    char* const text = host_error();
    fail(text, error_length);
    free(text);
    return 0;
  }
  const size_t reply_length = wapc_host_response_length();
  char* const reply = allocate(reply_length);
  wapc_host_response(reply);
  answer(reply, reply_length);
  free(reply);
  return 1;
}

static int log_line(const char* payload, size_t length) {
  wapc_console_log(payload, length);
  return answer("", 0);
}

static int print(const char* payload, size_t length) {
  fwrite(payload, 1, length, stdout);
  putchar('\n');
  fflush(stdout);
  return answer("", 0);
}

static int panic(const char* payload, size_t length) {
  fprintf(stderr, "panic: %.*s\n", (int)length, payload);
  abort();
}

static const struct {
  const char* name;
  int (*call)(const char* payload, size_t length);
} kOperations[] = {
    {"echo", echo},
    {"wapc:sample!Hello", hello},
    {"fail", fail_on_purpose},
    {"host", relay},
    {"log", log_line},
    {"print", print},
    {"panic", panic},
};

static int dispatch(const char* operation, const char* payload, size_t length) {
  for (size_t i = 0; i < sizeof kOperations / sizeof kOperations[0]; ++i) {
    if (strcmp(operation, kOperations[i].name) == 0) {
      return kOperations[i].call(payload, length);
    }
  }
  return fail_with("No handler registered for function ", operation);
}

int wapc_guest_call(size_t operation_length, size_t payload_length) {
  char* const operation = allocate(operation_length);
  char* const payload = allocate(payload_length);
  wapc_guest_request(operation, payload);
  const int done = dispatch(operation, payload, payload_length);
  free(payload);
  free(operation);
  return done;
}
