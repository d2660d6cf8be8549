#include "cases.hpp"

// What is and what is not a guest, and replacing one by another.

namespace wapc::conformance {
namespace {

enum class Format : std::uint8_t { any, webassembly };

Case refused(std::string name, std::string row, std::string guest, std::vector<std::string> parts,
             Format format = Format::any) {
  return {.name = std::move(name),
          .row = std::move(row),
          .guest = std::move(guest),
          .start = mentioning(fails(Errc::invalid_module), std::move(parts)),
          .needs = {.webassembly = format == Format::webassembly},
          .counts_calls = false};
}

/// A guest that does load, and says `text`.
Case says(std::string name, std::string row, std::string guest, std::string_view text) {
  return {.name = std::move(name),
          .row = std::move(row),
          .guest = std::move(guest),
          .steps = {{.action = Invoke{.operation = "x"}, .expected = answers(text)}},
          .counts_calls = false};
}

void add_formats(Cases& cases) {
  const std::string row = "not a WebAssembly file, truncated, a component";
  cases.push_back(refused("no_bytes_at_all", row, "no_bytes", {}));
  cases.push_back(refused("text_instead_of_a_module", row, "some_text", {}));
  cases.push_back(refused("a_module_cut_off_near_its_end", row, "cut_off_near_its_end", {},
                          Format::webassembly));
  cases.push_back(refused("a_module_cut_in_half", row, "cut_in_half", {}, Format::webassembly));
  cases.push_back(refused("half_a_header", row, "half_a_header", {}, Format::webassembly));
  cases.push_back(
      refused("nothing_but_a_header", row, "only_a_header", {"__guest_call"}, Format::webassembly));
  cases.push_back(refused("a_module_of_version_2", row, "version_2", {}, Format::webassembly));
  cases.push_back(refused("a_component", row, "component", {"component"}, Format::webassembly));
  cases.push_back(
      refused("a_body_that_does_not_validate", row, "invalid_body", {}, Format::webassembly));
  cases.push_back(refused("a_start_section_that_does_not_validate", row,
                          "start_section_of_another_type", {}, Format::webassembly));
}

void add_shapes(Cases& cases) {
  const std::string call = "`__guest_call` of another type, or missing";
  cases.push_back(refused("no_guest_call", call, "no_guest_call", {"__guest_call"}));
  cases.push_back(refused("a_guest_call_that_is_a_memory", call, "guest_call_is_a_memory",
                          {"__guest_call", "memory"}));
  cases.push_back(refused("a_guest_call_of_another_type", call, "guest_call_of_another_type",
                          {"__guest_call", "(i32, i64) -> i32"}));
  const std::string memory = "memory: required; the one named `memory`, else the first exported";
  cases.push_back(refused("no_memory", memory, "no_memory", {"memory"}));
  cases.push_back(says("a_memory_of_another_name", memory, "memory_of_another_name", "from ram"));
  const std::string start = "start function of another type";
  cases.push_back(refused("a_start_of_another_type", start, "start_of_another_type", {"_start"}));
  cases.push_back(refused("an_initialize_of_another_type", start, "initialize_of_another_type",
                          {"_initialize"}));
  cases.push_back(
      refused("a_wapc_init_of_another_type", start, "wapc_init_of_another_type", {"wapc_init"}));
  cases.push_back(refused("a_start_that_is_a_memory", start, "start_is_a_memory", {"_start"}));
}

void add_imports(Cases& cases) {
  const std::string subset = "a guest may import any subset";
  cases.push_back(
      says("a_guest_that_imports_one_function", subset, "imports_one", "one is enough"));
  cases.push_back({.name = "a_guest_that_imports_nothing",
                   .row = subset,
                   .guest = "imports_nothing",
                   .steps = {{.action = Invoke{.operation = "x"},
                              .expected = fails(Errc::protocol_violation,
                                                "the guest gave neither response nor error")}},
                   .counts_calls = false});
  cases.push_back(refused("unknown_imports_are_all_listed", "anything else is refused, all listed",
                          "unknown_imports",
                          {"wapc.__guest_wish", "wapc.__console_log (i64) -> i32", "env.print",
                           "env.memory", "env.table", "env.base"}));
  const std::string older = "guests from 2019 and early 2020";
  cases.push_back(refused("a_guest_of_2019", older, "protocol_of_four_parameters", {"older", "4"}));
  cases.push_back(
      refused("a_guest_of_early_2020", older, "protocol_of_six_parameters", {"older", "6"}));
}

constexpr std::string_view kReplacing = "replacing the module";

Step replace(std::string guest, Expected expected = {.instance = InstanceAfter::replaced}) {
  return {.action = Replace{std::move(guest)}, .expected = std::move(expected)};
}

Case replacing(std::string name, std::vector<Step> steps) {
  return {.name = std::move(name),
          .row = std::string{kReplacing},
          .guest = "puppet",
          .steps = std::move(steps)};
}

/// What is seen of the start functions of a guest, up to the second one.
std::vector<SeenCall> asked_twice() {
  return {{"puppet", "start", "section", "", std::nullopt},
          {"puppet", "start", "_start", "", std::nullopt}};
}

}  // namespace

void add_module_cases(Cases& cases) {
  add_formats(cases);
  add_shapes(cases);
  add_imports(cases);
}

void add_replace_cases(Cases& cases) {
  constexpr auto kAt = kScratchAt + 0x5000;
  const auto leaves_a_mark = does(Script{}.put(kAt, "mark").response("ok"), answers("ok"));
  const auto finds = [](std::string_view text) {
    return does(Script{}.respond_from(kAt, 4), answers(text));
  };
  constexpr std::string_view kNoMark{"\0\0\0\0", 4};
  cases.push_back(replacing("a_replaced_guest_is_a_new_one",
                            {leaves_a_mark, replace("puppet"), finds(kNoMark), leaves_a_mark,
                             finds("mark"), replace("puppet"), finds(kNoMark)}));
  cases.push_back(
      replacing("a_guest_replaced_by_what_is_none_goes_on",
                {leaves_a_mark, replace("no_guest_call", fails(Errc::invalid_module)),
                 replace("unknown_imports", fails(Errc::invalid_module)), finds("mark")}));
  auto broken = replacing(
      "a_guest_replaced_by_one_that_does_not_start_goes_on",
      {leaves_a_mark, replace("puppet_starts", calling(fails(Errc::init_failed), asked_twice())),
       finds("mark"), replace("puppet"), finds(kNoMark)});
  broken.setup.scripts = {{"_start", Script{}.trap(PuppetTrap::unreachable).bytes()}};
  cases.push_back(std::move(broken));
  auto endless =
      replacing("a_guest_replaced_by_one_that_starts_for_ever_goes_on",
                {leaves_a_mark,
                 replace("puppet_starts", calling(fails(Errc::deadline_exceeded), asked_twice())),
                 finds("mark")});
  endless.setup.scripts = {{"_start", Script{}.say(Verb::loop).bytes()}};
  endless.setup.start_timeout = kShort;
  cases.push_back(std::move(endless));
  cases.push_back(
      replacing("a_spent_guest_is_replaced",
                {leaves_a_mark, does(Script{}.trap(PuppetTrap::unreachable), breaks(Errc::trapped)),
                 replace("puppet"), finds(kNoMark)}));
  const Step one_is_enough{.action = Invoke{.operation = "x"},
                           .expected = answers("one is enough")};
  cases.push_back(
      {.name = "a_guest_replaced_by_one_too_large_goes_on",
       .row = std::string{kReplacing},
       .guest = "imports_one",
       .setup = {.limits = {.memory_bytes = kPageBytes}},
       .steps = {one_is_enough, replace("puppet", fails(Errc::limit_exceeded)), one_is_enough},
       .counts_calls = false});
}

}  // namespace wapc::conformance
