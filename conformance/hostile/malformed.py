"""Bytes that are no module, and modules that are not valid: all refused when they are loaded."""

import gzip

from corpus import fails
from wasm_writer import *  # A language of its own, in which modules are written.

NOT_VALID = "not a valid module: "
CUT = "the file is cut short"


def add(corpus):
    add_no_modules(corpus)
    add_cut_off(corpus)
    add_sections(corpus)
    add_indices(corpus)
    add_bodies(corpus)
    add_declarations(corpus)


def add_no_modules(corpus):
    good = guest()
    no_magic = "not WebAssembly: it does not begin with the bytes 00 61 73 6d"
    corpus.refused("an_empty_file", b"", "not WebAssembly: it is empty")
    corpus.refused("one_byte_of_zero", b"\0", CUT)
    corpus.refused("the_magic_number_alone", b"\0asm", CUT)
    corpus.refused("the_magic_number_in_capitals", b"\0ASM\1\0\0\0", no_magic)
    corpus.refused("version_0", b"\0asm\0\0\0\0", NOT_VALID)
    corpus.refused("version_2", b"\0asm\2\0\0\0" + good[8:], NOT_VALID)
    corpus.refused("a_version_of_32_bits", b"\0asm\xff\xff\xff\xff" + good[8:], NOT_VALID)
    corpus.refused("a_component", b"\0asm\x0d\0\1\0", "this is a component, not a module")
    corpus.refused("an_elf_program", b"\x7fELF\2\1\1" + bytes(500), no_magic)
    corpus.refused("a_script", b"#!/bin/sh\nexit 1\n", no_magic)
    corpus.refused("a_module_in_gzip", gzip.compress(good, mtime=0), no_magic)
    corpus.refused("a_module_after_a_byte_order_mark", b"\xef\xbb\xbf" + good, no_magic)
    corpus.refused("a_megabyte_of_zeros", bytes(1 << 20), no_magic)
    corpus.refused("a_header_and_a_megabyte_of_zeros", HEADER + bytes(1 << 20), NOT_VALID)
    corpus.refused("the_header_twice", HEADER + good, NOT_VALID)
    corpus.guest("a_header_and_nothing_else", HEADER, load={
        "code": "invalid_module", "message": "not a waPC guest: no function is exported as __guest_call"})


def add_cut_off(corpus):
    made = Parts()
    for part in ["types", "imports", "functions", "memory", "exports", "code", "data"]:
        before = HEADER
        for content in made.sections():
            if content is getattr(made, part):
                break
            before += content
        cut = before + getattr(made, part)[:-1]
        corpus.refused(f"cut_off_in_the_{part}", cut, (NOT_VALID, CUT))
    corpus.refused("cut_off_after_a_sections_id", HEADER + b"\1", (NOT_VALID, CUT))
    corpus.refused("cut_off_within_a_sections_size", HEADER + b"\1\x80", (NOT_VALID, CUT))


def add_sections(corpus):
    corpus.refused("a_section_longer_than_the_file", guest(after=section(CUSTOM, name("x"), 1000)), CUT)
    corpus.refused("a_section_of_4_gib", guest(types=section(TYPE, b"\1", 0xFFFFFFFF)), NOT_VALID)
    corpus.refused("a_section_shorter_than_its_contents", guest(types=section(TYPE, Parts().types[2:], 3)),
                   NOT_VALID)
    corpus.refused("a_section_longer_than_its_contents", guest(functions=section(FUNCTION, b"\1\1\0\0")),
                   NOT_VALID)
    corpus.refused("a_section_of_an_unknown_kind", guest(after=section(14, b"")), NOT_VALID)
    corpus.refused("a_section_of_kind_255", guest(after=section(255, b"")), NOT_VALID)
    corpus.refused("junk_after_the_last_section", guest(after=b"\xde\xad\xbe\xef"), NOT_VALID)
    corpus.refused("code_without_functions", guest(functions=b""), NOT_VALID)
    corpus.refused("functions_without_code", guest(code=b""), NOT_VALID)
    corpus.refused("fewer_bodies_than_functions", guest(functions=functions(1, 1)), NOT_VALID)
    corpus.refused("more_bodies_than_functions", guest(code=code(*[body(Parts.respond() + END)] * 2)),
                   NOT_VALID)
    corpus.refused("a_data_count_that_is_too_high", guest(data_count=section(DATA_COUNT, leb(2))), NOT_VALID)
    corpus.guest("a_data_count_of_4_billion", guest(data_count=section(DATA_COUNT, leb(0xFFFFFFFF))),
                 load=fails("limit_exceeded", "the module has more data segments than the limit of 100000"))
    corpus.refused("a_data_count_and_no_data", guest(data_count=section(DATA_COUNT, leb(1)), data=b""),
                   NOT_VALID)
    fill = i32_const(0) * 3 + b"\xfc\x08\0\0"
    corpus.refused("memory_init_without_a_data_count",
                   guest(code=code(body(fill + Parts.respond() + END))), NOT_VALID)


def add_indices(corpus):
    most = 0xFFFFFFFF
    corpus.refused("a_function_of_an_unknown_type", guest(functions=functions(2)), NOT_VALID)
    corpus.refused("an_import_of_an_unknown_type", guest(imports=imports(import_function("a", "b", most))),
                   NOT_VALID)
    corpus.refused("an_export_of_an_unknown_function",
                   guest(exports=exports(export("__guest_call", 0, 2), export("memory", 2, 0))), NOT_VALID)
    corpus.refused("an_export_of_an_unknown_memory",
                   guest(exports=exports(export("__guest_call", 0, 1), export("memory", 2, most))), NOT_VALID)
    corpus.refused("an_export_of_an_unknown_global", guest(exports=exports(export("g", 3, 0))), NOT_VALID)
    corpus.refused("an_export_of_an_unknown_table", guest(exports=exports(export("t", 1, 0))), NOT_VALID)
    corpus.refused("the_start_of_an_unknown_function", guest(start=section(START, leb(most))), NOT_VALID)
    corpus.refused("a_call_of_an_unknown_function", guest_doing(call(most)), NOT_VALID)
    corpus.refused("an_unknown_local", guest_doing(b"\x20" + leb(2) + b"\x1a"), NOT_VALID)
    corpus.refused("an_unknown_global", guest_doing(b"\x23" + leb(most) + b"\x1a"), NOT_VALID)
    corpus.refused("a_branch_to_an_unknown_label", guest_doing(b"\x0c" + leb(most)), NOT_VALID)
    corpus.refused("a_branch_table_to_an_unknown_label",
                   guest_doing(i32_const(0) + b"\x0e" + vector([leb(0)]) + leb(most)), NOT_VALID)
    corpus.refused("a_call_through_an_unknown_table", guest_doing(i32_const(0) * 3 + b"\x11\0" + leb(0)),
                   NOT_VALID)
    corpus.refused("elements_of_an_unknown_function",
                   guest(table=section(TABLE, vector([FUNCREF + b"\0\1"])),
                         elements=section(ELEMENT, vector([b"\0" + i32_const(0) + END
                                                           + vector([leb(most)])]))),
                   NOT_VALID)
    corpus.refused("elements_of_an_unknown_table",
                   guest(elements=section(ELEMENT, vector([b"\0" + i32_const(0) + END + vector([leb(1)])]))),
                   NOT_VALID)
    corpus.refused("data_for_an_unknown_memory",
                   guest(memory=b"", exports=exports(export("__guest_call", 0, 1))),
                   NOT_VALID)
    corpus.refused("growth_of_an_unknown_memory", guest_doing(i32_const(0) + b"\x40\1\x1a"), ())


def add_bodies(corpus):
    respond = Parts.respond()

    def refused(name, code_bytes, local_groups=()):
        corpus.refused(name, guest(code=code(body(code_bytes, local_groups))), NOT_VALID)

    refused("a_body_without_an_end", respond)
    refused("a_body_with_two_ends", respond + END + END)
    refused("a_body_with_code_after_its_end", respond + END + respond)
    refused("an_empty_body", b"")
    corpus.refused("a_body_of_no_size", guest(code=section(CODE, b"\1\0")), NOT_VALID)
    corpus.refused("a_body_longer_than_its_section", guest(code=code(body(respond + END, size=leb(1000)))),
                   NOT_VALID)
    corpus.refused("a_body_of_4_gib", guest(code=code(body(respond + END, size=leb(0xFFFFFFFF)))), NOT_VALID)
    refused("an_operand_that_is_not_there", b"\x6a" + respond + END)
    refused("an_operand_too_many", i32_const(1) + respond + END)
    refused("an_operand_of_another_type", b"\x42\0" + i32_const(1) + b"\x6a\x1a" + respond + END)
    refused("no_result", END)
    refused("a_result_of_another_type", b"\x42\0" + END)
    refused("an_operand_from_outside_of_a_block", i32_const(1) + b"\x02\x40\x1a\x0b" + respond + END)
    refused("an_else_without_an_if", b"\x02\x40\x05\x0b" + respond + END)
    refused("an_if_with_a_result_and_no_else",
            i32_const(1) + b"\x04\x7f" + i32_const(1) + b"\x0b\x1a" + respond + END)
    refused("branch_targets_that_disagree",
            b"\x02\x7f\x02\x40" + i32_const(0) + b"\x0e\1\0\1\x0b\x00\x0b\x1a" + respond + END)
    refused("a_block_of_an_unknown_type", b"\x02\x63\x0b" + respond + END)
    refused("an_unknown_instruction", b"\xff" + respond + END)
    refused("an_unknown_instruction_in_unreachable_code", b"\x00\x27" + END)
    refused("an_unknown_instruction_after_a_prefix", b"\xfc\xff\xff\x03" + respond + END)
    refused("an_alignment_larger_than_the_access", i32_const(0) + b"\x28\3\0\x1a" + respond + END)
    refused("an_alignment_of_2_to_the_power_of_4_billion",
            i32_const(0) + b"\x28" + leb(0xFFFFFFFF) + b"\0\x1a" + respond + END)
    refused("a_local_of_an_unknown_type", respond + END, [(1, b"\x50")])
    refused("more_locals_than_anybody_has", respond + END, [(50_001, I32)])
    refused("locals_of_4_billion", respond + END, [(0xFFFFFFFF, I32)])
    refused("locals_whose_count_wraps_around", respond + END, [(0x80000000, I32), (0x80000001, I64)])
    refused("an_instruction_cut_off_by_its_body", b"\x41")


def add_declarations(corpus):
    def with_global(mutable, init):
        return section(GLOBAL, vector([I32 + mutable + init]))

    constant = i32_const(0) + END
    corpus.refused("a_global_that_is_neither_constant_nor_mutable",
                   guest(globals=with_global(b"\2", constant)),
                   NOT_VALID)
    corpus.refused("a_global_of_another_type", guest(globals=with_global(b"\0", b"\x42\0" + END)), NOT_VALID)
    corpus.refused("a_global_that_calls_a_function",
                   guest(globals=with_global(b"\0", i32_const(0) * 2 + call(1) + END)), NOT_VALID)
    corpus.refused("a_global_that_is_itself", guest(globals=with_global(b"\0", b"\x23\0" + END)), NOT_VALID)
    corpus.refused("a_constant_global_that_is_set",
                   guest(globals=with_global(b"\0", constant),
                         code=code(body(i32_const(1) + b"\x24\0" + Parts.respond() + END))), NOT_VALID)
    corpus.refused("data_at_a_place_that_is_worked_out",
                   guest(data=section(DATA, vector([b"\0" + i32_const(0) + b"\x40\0" + END + name("ok")]))),
                   NOT_VALID)
    corpus.refused("data_of_an_unknown_kind", guest(data=section(DATA, vector([b"\x07\0"]))), NOT_VALID)
    corpus.refused("elements_of_an_unknown_kind", guest(elements=section(ELEMENT, vector([b"\x0f\0"]))),
                   NOT_VALID)
    corpus.refused("a_start_with_parameters", guest(start=section(START, leb(1))), NOT_VALID)
    corpus.refused("two_exports_of_one_name",
                   guest(exports=exports(export("__guest_call", 0, 1), export("memory", 2, 0),
                                         export("memory", 0, 1))),
                   NOT_VALID)
    corpus.refused("an_export_of_an_unknown_kind", guest(exports=exports(export("x", 9, 0))), NOT_VALID)
    corpus.refused("an_import_of_an_unknown_kind", guest(imports=imports(name("a") + name("b") + b"\x09\0")),
                   NOT_VALID)
    corpus.refused("a_type_that_is_no_function", guest(types=types(b"\x40\0\0")), NOT_VALID)
    corpus.refused("a_parameter_of_no_type", guest(types=types(function_type([b"\x40"]))), NOT_VALID)
    corpus.refused("a_memory_of_more_than_4_gib", guest(memory=memory(65_537)), NOT_VALID)
    corpus.refused("a_memory_with_its_maximum_below_its_minimum",
                   guest(memory=section(MEMORY, vector([b"\1\2\1"]))), NOT_VALID)
    corpus.refused("a_memory_with_unknown_flags", guest(memory=section(MEMORY, vector([b"\xff\1\1"]))),
                   NOT_VALID)
    corpus.refused("a_table_with_its_maximum_below_its_minimum",
                   guest(table=section(TABLE, vector([FUNCREF + b"\1\2\1"]))), NOT_VALID)
    corpus.refused("a_table_of_numbers", guest(table=section(TABLE, vector([I32 + b"\0\1"]))), NOT_VALID)
