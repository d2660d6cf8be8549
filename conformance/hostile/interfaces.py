"""Imports and exports that are not what they are called."""

import text
from corpus import ALIVE, answers, fails
from wasm_writer import *

CALL = '(func (export "__guest_call") (param i32 i32) (result i32) (i32.const 1))'
MEMORY = '(memory (export "memory") 1)'
NOTHING_OFFERS = "imports that nothing offers: "


def add(corpus):
    add_imports(corpus)
    add_exports(corpus)


def add_imports(corpus):
    def refused(name, imports, *mentions):
        corpus.refused(name, f"(module {imports} {MEMORY} {CALL})", mentions)

    for name, (parameters, results) in text.WAPC.items():
        refused(f"{name}_with_wide_numbers", f'(import "wapc" "__{name}" (func (param i64) (result i64)))',
                NOTHING_OFFERS + f"wapc.__{name} (i64) -> i64 where ", " is offered")
        one_more = "(param" + " i32" * (parameters + 1) + ")" + " (result i32)" * results
        refused(f"{name}_with_a_parameter_too_many", f'(import "wapc" "__{name}" (func {one_more}))',
                NOTHING_OFFERS + f"wapc.__{name} ")
    refused("abort_with_a_result", '(import "env" "abort" (func (param i32 i32 i32 i32) (result i32)))',
            NOTHING_OFFERS + "env.abort ")
    for parameters in [4, 6]:
        refused(f"host_call_with_{parameters}_parameters",
                f'(import "wapc" "__host_call" (func (param{" i32" * parameters}) (result i32)))',
                f"an older waPC protocol: __host_call takes {parameters} parameters")
    corpus.refused("a_memory_that_is_imported",
                   f'(module (import "env" "imported" (memory 1)) (export "memory" (memory 0)) {CALL})',
                   [NOTHING_OFFERS, "env.imported (memory)"])
    refused("a_table_that_is_imported", '(import "env" "table" (table 1 funcref))', "env.table (table)")
    refused("a_global_that_is_imported", '(import "env" "stack" (global (mut i32)))', "env.stack (global)")
    refused("host_call_as_a_global", '(import "wapc" "__host_call" (global i32))',
            "wapc.__host_call (global)")
    refused("an_import_of_another_case", '(import "wapc" "__Host_Call" (func))', "wapc.__Host_Call () -> ()")
    refused("an_import_with_a_zero_at_its_end",
            r'(import "wapc" "__guest_request\00" (func (param i32 i32)))',
            NOTHING_OFFERS)
    refused("an_import_of_look_alike_letters",
            '(import "w\u0430pc" "__guest_request" (func (param i32 i32)))',
            NOTHING_OFFERS)
    refused("an_import_from_a_module_without_a_name", '(import "" "" (func))', NOTHING_OFFERS + ". () -> ()")
    refused("wasi_that_there_is_not", '(import "wasi_snapshot_preview1" "path_chroot" (func (param i32)))',
            "wasi_snapshot_preview1.path_chroot (i32) -> ()")
    refused("wasi_of_a_later_day", '(import "wasi_snapshot_preview2" "proc_exit" (func (param i32)))',
            "wasi_snapshot_preview2.proc_exit")
    refused("wasi_of_another_type",
            '(import "wasi_snapshot_preview1" "fd_write" (func (param i64 i32 i32 i32)))',
            "wasi_snapshot_preview1.fd_write (i64, i32, i32, i32) -> () where"
            " (i32, i32, i32, i32) -> i32 is offered")
    refused("all_that_is_missing_is_listed",
            "".join(f'(import "env" "f{i}" (func))' for i in range(500)), "env.f0 () -> ()",
            "env.f499 () -> ()")
    wide = function_type([I64] * 1000)
    corpus.refused("ninety_imports_of_a_thousand_parameters",
                   guest(types=types(function_type([I32, I32]), function_type([I32, I32], [I32]), wide),
                         imports=imports(*[import_function("env", f"f{i}", 2) for i in range(90)]),
                         exports=exports(export("__guest_call", 0, 90), export("memory", 2, 0)),
                         code=code(body(i32_const(1) + END))), NOTHING_OFFERS)
    corpus.guest("more_imports_than_the_reader_takes",
                 guest(imports=imports(*[import_function("wapc", "__guest_response", 0)] * 100_001),
                       exports=exports(export("__guest_call", 0, 100_001), export("memory", 2, 0))),
                 load=fails("limit_exceeded", mentions="more imports than the limit of "))
    many = 1000
    corpus.guest("one_function_imported_a_thousand_times",
                 guest(imports=imports(*[import_function("wapc", "__guest_response", 0)] * many),
                       exports=exports(export("__guest_call", 0, many), export("memory", 2, 0))),
                 answers("ok"))
    corpus.refused("an_import_name_of_100_000_bytes",
                   guest(imports=imports(import_function("env", "x" * 100_000, 0))), NOTHING_OFFERS)


def add_exports(corpus):
    def refused(name, fields, message):
        corpus.guest(name, f"(module {fields})", load=fails("invalid_module", message))

    no_call = "not a waPC guest: no function is exported as __guest_call"
    no_memory = "not a waPC guest: no memory is exported"
    refused("a_module_without_anything", "", no_call)
    refused("no_memory_at_all", CALL, no_memory)
    refused("a_memory_that_is_not_exported", "(memory 1)" + CALL, no_memory)
    refused("guest_call_without_its_underscores",
            MEMORY + '(func (export "guest_call") (param i32 i32) (result i32) (i32.const 1))', no_call)
    for kind, field in [("memory", "(memory (export \"__guest_call\") 1)"),
                        ("global", MEMORY + '(global (export "__guest_call") i32 (i32.const 0))'),
                        ("table", MEMORY + '(table (export "__guest_call") 1 funcref)')]:
        refused(f"guest_call_is_a_{kind}", field, f"the export __guest_call is a {kind}, not a function")
    for name, parameters, result, shown in [
            ("without_parameters", "", "i32", "() -> i32"),
            ("with_wide_numbers", "i64 i64", "i64", "(i64, i64) -> i64"),
            ("without_a_result", "i32 i32", "", "(i32, i32) -> ()"),
            ("with_fractions", "f32 f32", "i32", "(f32, f32) -> i32"),
            ("with_two_results", "i32 i32", "i32 i32", "(i32, i32) -> (i32, i32)"),
            ("with_a_reference", "i32 i32", "funcref", "(i32, i32) -> funcref")]:
        refused(f"guest_call_{name}",
                MEMORY + f'(func (export "__guest_call") (param {parameters}) (result {result}) unreachable)',
                f"__guest_call is of type {shown}, not (i32, i32) -> i32")
    for start in ["_start", "_initialize", "wapc_init"]:
        label = text.STARTS[start]
        refused(f"{label}_is_a_global", MEMORY + CALL + f'(global (export "{start}") i32 (i32.const 0))',
                f"the export {start} is a global, not a function")
        refused(f"{label}_with_parameters", MEMORY + CALL + f'(func (export "{start}") (param i32 i64))',
                f"{start} is of type (i32, i64) -> (), not () -> ()")
    response = '(import "wapc" "__guest_response" (func $r (param i32 i32)))'
    respond = ('(data (i32.const 0) "ok") (func (export "__guest_call") (param i32 i32) (result i32)'
               " (call $r (i32.const 0) (i32.const 2)) (i32.const 1))")
    corpus.guest("memory_is_the_name_of_a_function",
                 f'(module {response} (memory (export "other") 1) {respond} (func (export "memory")))',
                 answers("ok"))
    corpus.guest("a_memory_exported_under_a_thousand_names",
                 "(module " + response + "(memory 1)" + respond +
                 "".join(f'(export "m{i}" (memory 0))' for i in range(1000)) + ")", answers("ok"))
    corpus.guest("more_exports_than_the_reader_takes",
                 guest(exports=exports(export("__guest_call", 0, 1), export("memory", 2, 0),
                                       *[export(f"e{i}", 0, 1) for i in range(100_000)])),
                 load=fails("limit_exceeded", mentions="more exports than the limit of "))
    corpus.guest("guest_call_is_a_function_of_wasi",
                 '(module (import "wasi_snapshot_preview1" "args_get" (func $f (param i32 i32) (result i32)))'
                 ' (memory (export "memory") 1) (export "__guest_call" (func $f)))',
                 fails("protocol_violation", "the guest failed and gave no reason"))
    corpus.guest("guest_call_calls_itself_by_another_name",
                 text.guest('(if (result i32) (i32.eqz (local.get $operation_length)) (then (call $alive))'
                            " (else (call $guest_call (i32.const 0) (i32.const 0))))"),
                 {**ALIVE, "operation": "x"})
