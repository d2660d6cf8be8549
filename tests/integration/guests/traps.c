// A guest that traps. source_lines_test.cpp knows its lines.
#include "wapc_guest.h"

__attribute__((noinline)) static int divide(int dividend, int divisor) {
  dividend += 40;
  return dividend / divisor;
}

__attribute__((noinline)) static void stop(void) {
  __builtin_trap();
}

// Not known to the compiler, or it would make a loop of it.
static volatile int one = 1;

__attribute__((noinline)) static int sink(int depth) {
  return depth == 0 ? 0 : sink(depth + one) + one;
}

int wapc_guest_call(size_t operation_length, size_t payload_length) {
  char operation[8] = "";
  if (operation_length > sizeof(operation)) return 0;
  wapc_guest_request(operation, NULL);
  if (operation[0] == 's') stop();
  if (operation[0] == 'r') return sink(1);
  int quotient = divide(2, (int)payload_length);
  return quotient + 1;
}
