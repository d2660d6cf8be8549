#include "cases.hpp"

// What one instance may take from the machine.

namespace wapc::conformance {
namespace {

constexpr auto kAt = kScratchAt + 0x5000;
constexpr auto kRefused = 0xFFFF'FFFFU;  // What memory.grow and table.grow return then.

constexpr InstanceLimits pages(std::size_t count) {
  return {.memory_bytes = count * kPageBytes};
}

constexpr InstanceLimits table_elements(std::size_t count) {
  return {.table_elements = count};
}

Script grows(std::uint32_t by) {
  return Script{}.say(Verb::grow, {by}).say(Verb::save, {kAt}).respond_from(kAt, 4);
}

void add_memory(Cases& cases) {
  constexpr std::string_view kRow = "`memory.grow` past the limit returns -1";
  const auto add = [&](std::string name, InstanceLimits limits, std::vector<Step> steps) {
    cases.push_back({.name = std::move(name),
                     .row = std::string{kRow},
                     .guest = "puppet",
                     .setup = {.limits = limits},
                     .steps = std::move(steps)});
  };
  add("memory_grows_up_to_the_limit", pages(4),
      {does(grows(1), answers(little_endian(2))), does(grows(1), answers(little_endian(3))),
       does(grows(1), answers(little_endian(kRefused))),
       does(Script{}.say(Verb::grow, {0}).say(Verb::save, {kAt}).respond_from(kAt, 4),
            answers(little_endian(4)))});
  add("memory_at_its_limit_from_the_start", pages(2),
      {does(grows(1), answers(little_endian(kRefused)))});
  add("a_limit_in_the_middle_of_a_page", {.memory_bytes = 3 * kPageBytes - 1},
      {does(grows(1), answers(little_endian(kRefused)))});
  add("memory_grown_far_past_the_limit", pages(16),
      {does(grows(15), answers(little_endian(kRefused))),
       does(grows(65536), answers(little_endian(kRefused))),
       does(grows(0xFFFF'FFFF), answers(little_endian(kRefused))),
       does(grows(14), answers(little_endian(2)))});
  add("memory_grown_until_it_is_refused", pages(64),
      {does(Script{}.say(Verb::grow_fully).say(Verb::save, {kAt}).respond_from(kAt, 4),
            answers(little_endian(64)))});
  add("a_payload_larger_than_the_memory_limit", pages(16),
      {{.action = Invoke{.operation = "echo", .padding = std::size_t{16} * kPageBytes},
        .expected = fails(Errc::guest_error, "out of memory")},
       {.action = Invoke{.operation = "echo", .padding = std::size_t{15} * kPageBytes},
        .expected = {.echoes = true}}});
  add("the_limit_holds_for_the_instance_after_a_trap", pages(3),
      {does(Script{}.trap(PuppetTrap::unreachable), breaks(Errc::trapped)),
       does(grows(1), answers(little_endian(2))),
       does(grows(1), answers(little_endian(kRefused)))});
  for (const std::size_t count : {0U, 1U}) {
    cases.push_back(
        {.name = "more_memory_declared_than_the_limit_of_" + std::to_string(count) + "_pages",
         .row = "a module that declares more than the limit is refused",
         .guest = "puppet",
         .setup = {.limits = pages(count)},
         .start = fails(Errc::limit_exceeded)});
  }
}

void add_tables(Cases& cases) {
  constexpr std::string_view kRow = "table limits";
  const auto grows_table = [](std::size_t by, std::uint32_t outcome) -> Step {
    return {.action = Invoke{.operation = std::string(by, 'x')},
            .expected = answers(little_endian(outcome))};
  };
  cases.push_back({.name = "a_table_grows_up_to_the_limit",
                   .row = std::string{kRow},
                   .guest = "table_grower",
                   .setup = {.limits = table_elements(12)},
                   .steps = {grows_table(3, kRefused), grows_table(1, 10), grows_table(1, 11),
                             grows_table(1, kRefused), grows_table(0, 12)},
                   .needs = {.webassembly = true, .features = {Feature::reference_types}},
                   .counts_calls = false});
  cases.push_back({.name = "more_table_elements_declared_than_the_limit",
                   .row = std::string{kRow},
                   .guest = "puppet",
                   .setup = {.limits = table_elements(2)},
                   .start = fails(Errc::limit_exceeded),
                   .needs = {.webassembly = true}});
  cases.push_back({.name = "as_many_table_elements_declared_as_the_limit",
                   .row = std::string{kRow},
                   .guest = "puppet",
                   .setup = {.limits = table_elements(3)},
                   .steps = {does(Script{}.response("ok"), answers("ok"))},
                   .needs = {.webassembly = true}});
  cases.push_back({.name = "more_tables_than_the_limit",
                   .row = std::string{kRow},
                   .guest = "puppet",
                   .setup = {.limits = {.tables = 0}},
                   .start = fails(Errc::limit_exceeded),
                   .needs = {.webassembly = true}});
}

void add_memories(Cases& cases) {
  const Needs needs{.webassembly = true, .features = {Feature::multi_memory}};
  cases.push_back({.name = "more_memories_than_the_limit",
                   .row = "how many linear memories a module may have",
                   .guest = "two_memories",
                   .start = fails(Errc::limit_exceeded),
                   .needs = needs,
                   .counts_calls = false});
  cases.push_back(
      {.name = "of_two_memories_the_one_named_memory_counts",
       .row = "memory: the one named `memory`, else the first exported",
       .guest = "two_memories",
       .setup = {.limits = {.memories = 2}},
       .steps = {{.action = Invoke{.operation = "x"}, .expected = answers("the named one")}},
       .needs = needs,
       .counts_calls = false});
}

void add_calls(Cases& cases) {
  constexpr std::string_view kRow = "more in one call than its limits allow ends it";
  const auto add = [&](std::string name, CallLimits limits, std::vector<Step> steps) {
    cases.push_back({.name = std::move(name),
                     .row = std::string{kRow},
                     .guest = "puppet",
                     .setup = {.call_limits = limits},
                     .steps = std::move(steps)});
  };
  const auto asks = [](int times) {
    Script script;
    for (int i = 0; i < times; ++i) script.host_call("b", "n", "empty", "four");
    return script.response("ok");
  };
  const auto asked = [](std::size_t times) {
    return std::vector<SeenCall>(
        times, {.binding = "b", .name_space = "n", .operation = "empty", .payload = "four"});
  };
  add("a_response_beyond_the_limit", {.response_bytes = 4},
      {does(Script{}.response("four"), answers("four")),
       does(
           Script{}.response("five!"),
           breaks(Errc::limit_exceeded, "__guest_response: a response of 5 bytes; the limit is 4")),
       does(Script{}.response("four"), answers("four"))});
  add("an_error_beyond_the_limit_is_cut", {.error_bytes = 4},
      {does(Script{}.error("four and more").say(Verb::give, {0}),
            fails(Errc::guest_error, "four"))});
  add("a_host_call_beyond_the_limit", {.host_call_bytes = 3},
      {does(asks(1),
            breaks(Errc::limit_exceeded, "__host_call: a payload of 4 bytes; the limit is 3"))});
  add("a_name_beyond_the_limit", {.name_bytes = 4},
      {does(asks(1),
            breaks(Errc::limit_exceeded, "__host_call: a name of 5 bytes; the limit is 4"))});
  add("host_calls_beyond_the_limit", {.host_calls = 2},
      {does(asks(2), calling(answers("ok"), asked(2))),
       does(asks(3), calling(breaks(Errc::limit_exceeded,
                                    "the guest made more than 2 host calls in one call"),
                             asked(2))),
       does(asks(2), calling(answers("ok"), asked(2)))});
  const auto line = [](LogSource source, std::string_view text) {
    return SeenLine{.source = source, .text = std::string{text}};
  };
  add("log_lines_beyond_the_limit", {.log_lines = 2},
      {does(Script{}.log("1").log("2").response("ok"),
            logging(answers("ok"), {line(LogSource::console, "1"), line(LogSource::console, "2")})),
       does(Script{}.log("1").log("2").log("3"),
            logging(breaks(Errc::limit_exceeded, "the guest logged more than 2 lines in one call"),
                    {line(LogSource::console, "1"), line(LogSource::console, "2")}))});
  add("log_bytes_beyond_the_limit", {.log_bytes = 4},
      {does(Script{}.log("four").log("5"),
            logging(breaks(Errc::limit_exceeded, "the guest logged more than 4 bytes in one call"),
                    {line(LogSource::console, "four")}))});
}

}  // namespace

void add_limit_cases(Cases& cases) {
  add_memory(cases);
  add_tables(cases);
  add_memories(cases);
  add_calls(cases);
}

}  // namespace wapc::conformance
