// A guest in C on a C library: a WASI reactor, whose `_initialize` the host calls first. Its memory
// is malloc's, and what reaches out of it goes through the library, by stdio where it can.
#define _GNU_SOURCE  // open_memstream, getentropy
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <wasi/api.h>

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

static int print_error(const char* payload, size_t length) {
  fprintf(stderr, "%.*s\n", (int)length, payload);
  return answer("", 0);
}

static int fail_with_errno(void) {
  return fail_with(strerror(errno), "");
}

// Answers with what was written to a stream of open_memstream.
static int answer_with(FILE* stream, char** data, size_t* length) {
  fclose(stream);
  answer(*data, *length);
  free(*data);
  return 1;
}

// Paths and names come with a terminator behind them: see `allocate`.
static int read_file(const char* payload, size_t length) {
  (void)length;
  FILE* const file = fopen(payload, "r");
  if (file == NULL) return fail_with_errno();
  char* data;
  size_t data_length;
  FILE* const copy = open_memstream(&data, &data_length);
  char buffer[4096];
  for (size_t got; (got = fread(buffer, 1, sizeof buffer, file)) > 0;) {
    fwrite(buffer, 1, got, copy);
  }
  const int error = ferror(file) ? errno : 0;
  fclose(file);
  if (error != 0) {
    fclose(copy);
    free(data);
    return fail_with(strerror(error), "");
  }
  return answer_with(copy, &data, &data_length);
}

static int write_file(const char* payload, size_t length) {
  const char* const end_of_path = memchr(payload, '\n', length);
  if (end_of_path == NULL) return fail_with("no path", "");
  char* const path = allocate((size_t)(end_of_path - payload));
  memcpy(path, payload, (size_t)(end_of_path - payload));
  FILE* const file = fopen(path, "w");
  free(path);
  if (file == NULL) return fail_with_errno();
  const size_t text_length = length - (size_t)(end_of_path + 1 - payload);
  const int written = fwrite(end_of_path + 1, 1, text_length, file) == text_length;
  const int closed = fclose(file) == 0;
  return written && closed ? answer("", 0) : fail_with_errno();
}

static int is_entry(const struct dirent* entry) {
  return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

static int list(const char* payload, size_t length) {
  (void)length;
  struct dirent** entries;
  const int count = scandir(payload, &entries, is_entry, alphasort);
  if (count < 0) return fail_with_errno();
  char* data;
  size_t data_length;
  FILE* const names = open_memstream(&data, &data_length);
  for (int i = 0; i < count; ++i) {
    fprintf(names, "%s\n", entries[i]->d_name);
    free(entries[i]);
  }
  free(entries);
  return answer_with(names, &data, &data_length);
}

static int variable(const char* payload, size_t length) {
  (void)length;
  const char* const value = getenv(payload);
  return value == NULL ? fail_with("no such variable", "") : answer(value, strlen(value));
}

// A reactor has no main that would be handed them.
static int arguments(const char* payload, size_t length) {
  (void)payload;
  (void)length;
  size_t count;
  size_t size;
  if (__wasi_args_sizes_get(&count, &size) != 0) return fail_with("no arguments", "");
  uint8_t** const pointers = (uint8_t**)(void*)allocate(count * sizeof(uint8_t*));
  char* const texts = allocate(size);
  const int got = __wasi_args_get(pointers, (uint8_t*)texts) == 0;
  for (size_t i = 0; i < size; ++i) {
    if (texts[i] == '\0') texts[i] = '\n';
  }
  free(pointers);
  got ? answer(texts, size) : fail_with("no arguments", "");
  free(texts);
  return got;
}

static int seconds(const char* payload, size_t length) {
  (void)payload;
  (void)length;
  char text[24];
  snprintf(text, sizeof text, "%lld", (long long)time(NULL));
  return answer(text, strlen(text));
}

static int sleep_for(const char* payload, size_t length) {
  (void)length;
  const long milliseconds = atol(payload);
  const struct timespec duration = {milliseconds / 1000, milliseconds % 1000 * 1000000};
  return nanosleep(&duration, NULL) == 0 ? answer("", 0) : fail_with_errno();
}

static int random_bytes(const char* payload, size_t length) {
  (void)payload;
  (void)length;
  char bytes[16];
  return getentropy(bytes, sizeof bytes) == 0 ? answer(bytes, sizeof bytes) : fail_with_errno();
}

static int end(const char* payload, size_t length) {
  (void)length;
  exit(atoi(payload));
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
    {"print-error", print_error},
    {"read", read_file},
    {"write", write_file},
    {"list", list},
    {"env", variable},
    {"args", arguments},
    {"time", seconds},
    {"sleep", sleep_for},
    {"random", random_bytes},
    {"exit", end},
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
