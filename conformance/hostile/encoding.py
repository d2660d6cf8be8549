"""Numbers, names and sections written in ways that are allowed, nearly allowed, or ruinous."""

from corpus import answers, fails
from wasm_writer import *

NOT_VALID = "not a valid module: "
OK = answers("ok")
MOST = 0xFFFFFFFF


def add(corpus):
    add_numbers(corpus)
    add_counts(corpus)
    add_names(corpus)
    add_order(corpus)
    add_custom_sections(corpus)


def add_numbers(corpus):
    made = Parts()
    content = made.memory[2:]
    corpus.guest("a_size_with_zeros_that_say_nothing",
                 guest(memory=section(MEMORY, content, leb(len(content), 5))), OK)
    corpus.refused("a_size_of_6_bytes", guest(memory=section(MEMORY, content, leb(len(content), 6))),
                   NOT_VALID)
    corpus.refused("a_size_of_more_than_32_bits",
                   guest(memory=section(MEMORY, content, b"\x83\x80\x80\x80\x10")), NOT_VALID)
    corpus.refused("a_number_that_never_ends", guest(memory=section(MEMORY, b"\x80" * 100_000)), NOT_VALID)
    drop = b"\x1a"
    corpus.guest("a_constant_with_zeros_that_say_nothing", guest_doing(b"\x41\x80\x80\x80\x80\x00" + drop),
                 OK)
    corpus.guest("a_negative_constant_with_ones_that_say_nothing",
                 guest_doing(b"\x41\xff\xff\xff\xff\x7f" + drop), OK)
    corpus.guest("a_long_constant_of_10_bytes", guest_doing(b"\x42" + b"\x80" * 9 + b"\0" + drop), OK)
    corpus.refused("a_long_constant_of_11_bytes", guest_doing(b"\x42" + b"\x80" * 10 + b"\0" + drop),
                   NOT_VALID)
    corpus.refused("a_constant_of_6_bytes", guest_doing(b"\x41" + b"\x80" * 5 + b"\0" + drop), NOT_VALID)
    corpus.refused("a_constant_whose_sign_is_not_its_last_bits",
                   guest_doing(b"\x41\xff\xff\xff\xff\x0f" + drop), NOT_VALID)
    corpus.refused("a_constant_of_33_bits", guest_doing(b"\x41\x80\x80\x80\x80\x10" + drop), NOT_VALID)
    corpus.guest("an_index_with_zeros_that_say_nothing",
                 guest(functions=section(FUNCTION, b"\1\x81\x80\x80\x80\0")),
                 OK)
    corpus.refused("an_instruction_of_a_prefix_with_6_bytes", guest_doing(b"\xfc" + leb(8, 6) + b"\0\0"),
                   NOT_VALID)


def add_counts(corpus):
    def count_of(number, rest=b""):
        return leb(number) + rest

    for part, number in [("types", TYPE), ("imports", IMPORT), ("functions", FUNCTION), ("globals", GLOBAL),
                         ("exports", EXPORT), ("elements", ELEMENT), ("code", CODE), ("data", DATA),
                         ("memory", MEMORY), ("table", TABLE)]:
        module = guest(**{part: section(number, count_of(MOST))})
        label = f"a_count_of_4_billion_{'memories' if part == 'memory' else part}"
        if part in ["functions", "globals", "exports", "elements", "data"]:
            corpus.guest(label, module, load=fails("limit_exceeded"))
        else:
            corpus.refused(label, module, NOT_VALID)
    corpus.refused("a_count_of_4_billion_parameters", guest(types=section(TYPE, b"\1\x60" + count_of(MOST))),
                   NOT_VALID)
    corpus.refused("a_count_of_4_billion_branch_targets",
                   guest_doing(i32_const(0) + b"\x0e" + count_of(MOST)),
                   NOT_VALID)
    corpus.refused("a_count_of_4_billion_local_groups",
                   guest(code=code(leb(12) + count_of(MOST) + b"\1\x7f" + b"\0" * 5)), NOT_VALID)
    corpus.refused("a_count_of_4_billion_elements_in_a_segment",
                   guest(table=section(TABLE, vector([FUNCREF + b"\0\1"])),
                         elements=section(ELEMENT, b"\1\0" + i32_const(0) + END + count_of(MOST))), NOT_VALID)
    corpus.refused("a_thousand_and_one_parameters", guest(types=types(function_type([I32] * 1001))),
                   NOT_VALID)


def add_names(corpus):
    bad = {
        "that_is_not_utf8": b"\xff\xfe", "of_an_overlong_encoding": b"\xc0\xae",
        "of_a_surrogate": b"\xed\xa0\x80",
        "past_the_last_character": b"\xf4\x90\x80\x80", "cut_within_a_character": b"abc\xe2\x82",
    }
    for what, raw in bad.items():
        corpus.refused(f"an_export_name_{what}",
                       guest(exports=exports(export("__guest_call", 0, 1), export("memory", 2, 0),
                                             export(raw, 0, 1))),
                       NOT_VALID)
    corpus.refused("an_import_name_that_is_not_utf8",
                   guest(imports=imports(import_function("wapc", b"__guest_response\xff", 0))), NOT_VALID)
    corpus.refused("a_name_of_4_gib", guest(exports=section(EXPORT, b"\1" + leb(MOST) + b"memory\2\0")),
                   NOT_VALID)
    corpus.refused("a_name_longer_than_its_section",
                   guest(exports=section(EXPORT, b"\1" + leb(50) + b"memory\2\0")), NOT_VALID)
    more = [export("__guest_call", 0, 1), export("memory", 2, 0)]
    corpus.refused("an_export_name_longer_than_anybody_has",
                   guest(exports=exports(*more, export("x" * 100_001, 0, 1))), NOT_VALID)
    corpus.guest("an_export_name_of_100_000_bytes",
                 guest(exports=exports(*more, export("x" * 100_000, 0, 1))), OK)
    corpus.guest("exports_with_names_of_control_characters",
                 guest(exports=exports(*more, *[export(chr(i) * 3, 0, 1) for i in range(32)])), OK)
    corpus.guest("an_export_without_a_name", guest(exports=exports(*more, export("", 0, 1))), OK)
    corpus.guest("an_export_whose_name_begins_like_another",
                 guest(exports=exports(export("memory\0", 0, 1), export("__guest_call\0", 2, 0), *more)), OK)


def add_order(corpus):
    made = Parts()
    rest = made.sections()

    def swapped(first, second):
        parts = list(rest)
        i, j = parts.index(getattr(made, first)), parts.index(getattr(made, second))
        parts[i], parts[j] = parts[j], parts[i]
        return HEADER + b"".join(parts)

    for first, second in [("types", "imports"), ("functions", "memory"), ("exports", "code"),
                          ("code", "data")]:
        corpus.refused(f"{first}_and_{second}_in_the_wrong_order", swapped(first, second), NOT_VALID)
    for part in ["types", "imports", "functions", "memory", "exports", "code", "data"]:
        twice = HEADER + b"".join(content * 2 if content is getattr(made, part) else content
                                  for content in rest)
        corpus.refused(f"{part}_twice", twice, NOT_VALID)
    corpus.refused("the_data_count_after_the_code", guest(after=section(DATA_COUNT, leb(1))), NOT_VALID)
    between = custom("between", b"\0" * 10)
    corpus.guest("custom_sections_between_all_others",
                 HEADER + between + b"".join(content + between for content in rest), OK)


def add_custom_sections(corpus):
    def after(title, content):
        return guest(after=custom(title, content))

    corpus.refused("a_custom_section_without_a_name", guest(after=section(CUSTOM, b"")), NOT_VALID)
    corpus.refused("a_custom_section_with_a_name_longer_than_itself", guest(after=section(CUSTOM, b"\x7fx")),
                   NOT_VALID)
    corpus.refused("a_custom_section_with_a_name_that_is_not_utf8", guest(after=section(CUSTOM, b"\1\xff")),
                   NOT_VALID)
    corpus.guest("a_custom_section_with_an_empty_name", after("", b"junk"), OK)
    junk = bytes(range(256)) * 4
    known = ["name", "producers", "dylink.0", "linking", "reloc.CODE", "target_features", "sourceMappingURL",
             "external_debug_info", ".debug_info", ".debug_line", ".debug_abbrev",
             "metadata.code.branch_hint",
             "core", "component-type", "build_id"]
    for title in known:
        label = title.strip(".").replace(".", "_").replace("-", "_").lower()
        corpus.guest(f"junk_in_the_section_{label}", after(title, junk), OK)
    corpus.guest("junk_in_all_known_custom_sections", guest(after=b"".join(custom(t, junk) for t in known)),
                 OK)

    def functions_of(names):
        return b"\1" + name(vector([leb(i) + name(text) for i, text in names]))

    corpus.guest("names_for_functions_that_are_not_there",
                 after("name", functions_of([(0, "a"), (MOST, "b")])), OK)
    corpus.guest("a_count_of_4_billion_names", after("name", b"\1\5" + leb(MOST)), OK)
    corpus.guest("a_hundred_name_sections",
                 guest(after=custom("name", functions_of([(1, "x" * 1000)])) * 100), OK)
    corpus.guest("local_names_for_4_billion_functions", after("name", b"\2\6" + leb(MOST) + b"\0"), OK)
    trap = code(body(b"\0" + END))
    screen = "\x1b[2J\n#0 host (offset 0x0)\r\0" + "\u202e" * 10
    corpus.guest("a_trap_in_a_function_with_a_name_of_control_characters",
                 guest(code=trap, after=custom("name", functions_of([(1, screen)]))),
                 {**fails("trapped", "unreachable executed"), "backtrace_lines": 1})
    corpus.guest("a_trap_in_a_function_with_a_name_of_a_megabyte",
                 guest(code=trap, after=custom("name", functions_of([(1, "x" * (1 << 20))]))),
                 fails("trapped", "unreachable executed"))
    corpus.guest("a_custom_section_of_8_megabytes", after("large", bytes(8 << 20)), OK)
    corpus.guest("more_sections_than_the_reader_takes", guest(after=section(CUSTOM, b"\1x") * 100_001),
                 load=fails("limit_exceeded", mentions="more sections than the limit of 100000"))
