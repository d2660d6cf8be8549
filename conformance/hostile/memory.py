"""Memories and tables: declared, grown and filled beyond what there is."""

from corpus import ALIVE, answers, fails, runs_out
from text import MEMORY_BYTES, SCRATCH, guest, responding

REFUSED = 0xFFFFFFFF
OUT = fails("trapped", "out of bounds memory access")
BULK = ["bulk-memory-operations"]
REFERENCES = ["reference-types"]
WIDE = ["memory64"]


def add(corpus):
    add_declared(corpus)
    add_grown(corpus)
    add_tables(corpus)
    add_bulk(corpus)
    add_segments(corpus)


def memory_of(limits):
    return f'(memory (export "memory") {limits})'


def add_declared(corpus):
    def too_much(name, memory, message, features=()):
        corpus.guest(name, guest(memory=memory), start=fails("limit_exceeded", mentions=message),
                     features=features)

    limit = "the limit is 268435456"
    too_much("a_memory_of_4_gib", memory_of("65536"),
             ["the module declares a memory of 4294967296 bytes", limit])
    too_much("a_memory_one_page_above_the_limit", memory_of("4097"), [limit])
    for name, pages in [("all_there_is", "0x1000000000000"), ("16_tebibytes", "0x10000000")]:
        corpus.guest(f"a_wide_memory_of_{name}",
                     f'(module (memory (export "memory") i64 {pages})'
                     ' (func (export "__guest_call") (param i32 i32) (result i32) (i32.const 1)))',
                     start=fails("limit_exceeded", mentions=limit), features=WIDE)
    corpus.guest("a_memory_as_large_as_the_limit", guest(memory=memory_of("4096")), ALIVE)
    corpus.guest("a_memory_that_may_grow_to_4_gib", guest(memory=memory_of("2 65536")), ALIVE)
    too_much("a_second_memory", memory_of("1") + "(memory 1)", ["2 memories; the limit is 1"],
             ["multi-memory"])
    too_much("a_hundred_tables", memory_of("1") + "(table 1 funcref)" * 100, ["100 tables; the limit is 16"],
             REFERENCES)
    too_much("a_table_of_10_million_elements", memory_of("1") + "(table 10000000 funcref)",
             ["a table of 10000000 elements; the limit is 100000"])
    too_much("a_table_of_4_billion_elements", memory_of("1") + "(table 0xffffffff funcref)",
             ["a table of 4294967295 elements; the limit is 100000"])
    corpus.guest("a_table_as_large_as_the_limit", guest(memory=memory_of("2") + "(table 100000 funcref)"),
                 ALIVE)


def add_grown(corpus):
    until_refused = "(loop $more (br_if $more (i32.ne (memory.grow (i32.const {})) (i32.const -1))))"
    corpus.guest("memory_grown_page_by_page_until_it_is_refused",
                 guest(until_refused.format(1) + responding("(memory.size)")), answers([256]),
                 memory_pages=256)
    corpus.guest("memory_grown_in_halves_until_it_is_refused",
                 guest("".join(until_refused.format(2048 >> i).replace("$more", f"$m{i}") for i in range(12))
                       + responding("(memory.size)")),
                 answers([4096]))
    corpus.guest("memory_grown_by_4_billion_pages",
                 guest(responding("(memory.grow (i32.const -1))", "(memory.size)")), answers([REFUSED, 2]))
    corpus.guest("memory_grown_by_65536_pages",
                 guest(responding("(memory.grow (i32.const 65536))", "(memory.grow (i32.const 65535))",
                                  "(memory.grow (i32.const 65534))", "(memory.size)")),
                 answers([REFUSED] * 3 + [2]))
    corpus.guest("memory_grown_past_its_own_maximum",
                 guest(responding("(memory.grow (i32.const 1))", "(memory.grow (i32.const 1))",
                                  "(memory.size)"),
                       memory=memory_of("2 3")), answers([2, REFUSED, 3]))
    corpus.guest("all_memory_grown_and_touched",
                 guest("(local $i i32)" + until_refused.format(512) + " (loop $touch"
                       " (i32.store8 (local.get $i) (i32.const 1))"
                       " (br_if $touch (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 4096)))"
                       " (i32.mul (memory.size) (i32.const 65536)))))" + responding("(memory.size)")),
                 answers([3586]))
    corpus.guest("the_first_byte_past_memory_that_has_grown",
                 guest("(drop (memory.grow (i32.const 3))) (i32.store8 (i32.const 327679) (i32.const 1))"
                       " (i32.store8 (i32.const 327680) (i32.const 1)) (call $alive)"), OUT)
    corpus.guest("an_address_and_an_offset_that_wrap_around",
                 guest("(drop (i32.load8_u offset=0xffffffff (i32.const 0xffffffff))) (call $alive)"), OUT)
    corpus.guest("an_offset_beyond_the_memory",
                 guest("(drop (i64.load offset=0xfffffff8 (i32.const 0))) (call $alive)"), OUT)
    corpus.guest("an_access_across_the_end",
                 guest(f"(i64.store (i32.const {MEMORY_BYTES - 7}) (i64.const -1)) (call $alive)"), OUT)
    corpus.guest("nothing_is_written_by_an_access_across_the_end",
                 guest(f"(if (i32.eqz (local.get $operation_length))"
                       f" (then (i64.store (i32.const {MEMORY_BYTES - 7}) (i64.const -1))))"
                       + responding(f"(i32.load (i32.const {MEMORY_BYTES - 4}))")),
                 OUT, {**answers([0]), "operation": "x"})
    corpus.guest("any_access_to_a_memory_without_pages",
                 '(module (memory (export "memory") 0) (func (export "__guest_call") (param i32 i32)'
                 ' (result i32)'
                 " (i32.load (i32.const 0))))", OUT)
    corpus.guest("the_last_address_of_a_wide_memory",
                 '(module (memory (export "memory") i64 1) (func (export "__guest_call") (param i32 i32)'
                 ' (result i32)'
                 " (i32.load offset=0xffffffff (i64.const -1))))", OUT, features=WIDE)
    corpus.guest("growth_of_a_wide_memory_by_all_there_is",
                 '(module (memory (export "memory") i64 1) (func (export "__guest_call") (param i32 i32)'
                 ' (result i32)'
                 " (i64.ne (memory.grow (i64.const -1)) (i64.const -1))))",
                 fails("protocol_violation", "the guest failed and gave no reason"), features=WIDE)


def add_tables(corpus):
    table = '(table $t 1 funcref) (elem declare func $alive)'

    def grown(name, body, expected):
        # wat2wasm takes `ref.func` for a reference that is never null, which these tables do not hold.
        corpus.guest(name, guest(body, table), expected, features=REFERENCES, checked=False)

    grown("a_table_grown_until_it_is_refused",
          "(loop $more (br_if $more (i32.ne (table.grow $t (ref.null func) (i32.const 1000))"
          " (i32.const -1))))"
          + responding("(table.size $t)"), answers([99_001]))
    grown("a_table_grown_by_4_billion_elements",
          responding("(table.grow $t (ref.func $alive) (i32.const -1))", "(table.size $t)"),
          answers([REFUSED, 1]))
    grown("a_table_filled_past_its_end",
          "(table.fill $t (i32.const 0) (ref.func $alive) (i32.const 2)) (call $alive)", fails("trapped"))
    grown("a_table_read_at_its_last_address", "(drop (table.get $t (i32.const -1))) (call $alive)",
          fails("trapped"))
    grown("a_table_written_past_its_end", "(table.set $t (i32.const 1) (ref.func $alive)) (call $alive)",
          fails("trapped"))
    grown("a_table_copied_past_its_end",
          "(table.copy $t $t (i32.const 1) (i32.const 0) (i32.const 1)) (call $alive)", fails("trapped"))
    corpus.guest("a_table_filled_from_elements_that_were_dropped",
                 guest("(elem.drop $e) (table.init $t $e (i32.const 0) (i32.const 0) (i32.const 1))"
                       " (call $alive)",
                       "(table $t 1 funcref) (elem $e func $alive)"), fails("trapped"), features=BULK)


def add_bulk(corpus):
    def bulk(name, body, expected=OUT, fields=""):
        corpus.guest(name, guest(body + " (call $alive)", fields), expected, features=BULK)

    bulk("a_fill_of_4_gib", "(memory.fill (i32.const 0) (i32.const 1) (i32.const -1))")
    bulk("a_fill_past_the_end", f"(memory.fill (i32.const {MEMORY_BYTES - 1}) (i32.const 1) (i32.const 2))")
    bulk("a_fill_of_nothing_past_the_end",
         f"(memory.fill (i32.const {MEMORY_BYTES + 1}) (i32.const 1) (i32.const 0))")
    bulk("a_fill_of_nothing_at_the_end",
         f"(memory.fill (i32.const {MEMORY_BYTES}) (i32.const 1) (i32.const 0))", ALIVE)
    bulk("a_copy_from_past_the_end", "(memory.copy (i32.const 0) (i32.const -1) (i32.const 2))")
    bulk("a_copy_to_past_the_end", "(memory.copy (i32.const -1) (i32.const 0) (i32.const 2))")
    bulk("a_copy_of_4_gib_onto_itself", "(memory.copy (i32.const 0) (i32.const 0) (i32.const -1))")
    bulk("data_read_past_its_end", "(memory.init $d (i32.const 4096) (i32.const 1) (i32.const 5))", OUT,
         '(data $d "12345")')
    bulk("data_read_after_it_was_dropped",
         "(data.drop $d) (memory.init $d (i32.const 4096) (i32.const 0) (i32.const 1))",
         OUT, '(data $d "12345")')
    bulk("data_dropped_twice", "(data.drop $d) (data.drop $d)", ALIVE, '(data $d "12345")')
    corpus.guest("nothing_is_written_by_a_fill_past_the_end", guest(
        f"(if (i32.eqz (local.get $operation_length)) (then"
        f" (memory.fill (i32.const {SCRATCH}) (i32.const 1) (i32.const {MEMORY_BYTES}))))"
        + responding(f"(i32.load (i32.const {SCRATCH}))")), OUT, {**answers([0]), "operation": "x"},
                 features=BULK)


def add_segments(corpus):
    out = fails("init_failed", "instantiate: out of bounds memory access")
    corpus.guest("data_past_the_end_of_memory", guest(fields=f'(data (i32.const {MEMORY_BYTES}) "x")'),
                 start=out)
    corpus.guest("data_at_the_last_address", guest(fields='(data (i32.const -1) "xx")'), start=out)
    corpus.guest("no_data_past_the_end_of_memory", guest(fields=f'(data (i32.const {MEMORY_BYTES + 1}) "")'),
                 start=out)
    table = fails("init_failed", "instantiate: out of bounds table access")
    corpus.guest("elements_past_the_end_of_a_table",
                 guest(fields="(table 1 funcref) (elem (i32.const 1) func $alive)"), start=table)
    corpus.guest("elements_at_the_last_address",
                 guest(fields="(table 1 funcref) (elem (i32.const -1) func $alive $alive)"), start=table)
    corpus.guest("a_start_section_that_runs_after_data_out_of_bounds",
                 guest(fields='(func $work unreachable) (data (i32.const -1) "x")', starts=["section"]),
                 start=out)
    corpus.guest("endless_growth_of_a_table", guest(
        "(loop $more (drop (table.grow $t (ref.null func) (i32.const 1))) (br $more)) unreachable",
        "(table $t 1 funcref)"), runs_out(), features=REFERENCES)
