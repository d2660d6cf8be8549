# cmake -DGUESTS=a.wasm,b.wasm -DOUTPUT=guests.cpp -P EmbedGuests.cmake
# Writes the guests into one C++ source as a table of names and bytes, so that whoever links the
# suite needs no files beside it.
string(REPLACE "," ";" GUESTS "${GUESTS}")
set(arrays "")
set(rows "")
foreach(guest IN LISTS GUESTS)
  get_filename_component(name "${guest}" NAME_WE)
  file(READ "${guest}" hex HEX)
  string(REGEX REPLACE "(..)" "0x\\1," bytes "${hex}")
  string(REGEX REPLACE "(................................................................................)" "\\1\n" bytes "${bytes}")
  string(APPEND arrays "constexpr std::uint8_t k_${name}[] = {\n${bytes}};\n")
  string(APPEND rows "    {\"${name}\", k_${name}},\n")
endforeach()
file(WRITE "${OUTPUT}" "// Made by conformance/EmbedGuests.cmake.
#include \"embedded_guests.hpp\"

namespace wapc::conformance {
namespace {

${arrays}
constexpr EmbeddedGuest kGuests[] = {
${rows}};

}  // namespace

std::span<const EmbeddedGuest> all_embedded_guests() { return kGuests; }

}  // namespace wapc::conformance
")
