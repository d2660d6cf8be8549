#include "cli/cli.hpp"
#include "cli/streams.hpp"

int main(int count, char** arguments) {
  wapc::cli::Streams streams;
  return wapc::cli::run({arguments, static_cast<std::size_t>(count)}, streams);
}
