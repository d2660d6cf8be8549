// A program for WASI in C with stdio; knows nothing of waPC.
#define _POSIX_C_SOURCE 200809L  // getline
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void show(const char* path) {
  FILE* const file = fopen(path, "r");
  if (file == NULL) {
    printf("%s: %s\n", path, strerror(errno));
    return;
  }
  printf("%s: ", path);
  for (int c; (c = getc(file)) != EOF;) putchar(c);
  fclose(file);
}

int main(int argc, char** argv) {
  printf("arguments:");
  for (int i = 0; i < argc; ++i) printf(" %s", argv[i]);
  const char* const greeting = getenv("GREETING");
  printf("\nGREETING: %s\n", greeting == NULL ? "not set" : greeting);
  for (int i = 1; i < argc; ++i) show(argv[i]);
  char* line = NULL;
  size_t room = 0;
  while (getline(&line, &room, stdin) > 0) printf("> %s", line);
  free(line);
  fprintf(stderr, "that is all\n");
  return 7;
}
