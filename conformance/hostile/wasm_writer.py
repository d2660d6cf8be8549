"""Writes WebAssembly's binary format, right or wrong: what is wrong is up to the caller.

A module is `header` and sections, which are bytes; nothing is checked.
"""

HEADER = b"\0asm\1\0\0\0"

(CUSTOM, TYPE, IMPORT, FUNCTION, TABLE, MEMORY, GLOBAL, EXPORT, START, ELEMENT, CODE, DATA,
 DATA_COUNT) = range(13)

I32, I64, F32, F64 = b"\x7f", b"\x7e", b"\x7d", b"\x7c"
FUNCREF = b"\x70"
END = b"\x0b"


def leb(number, width=0):
    """An unsigned LEB128; of `width` bytes at least, with zeros that say nothing."""
    out = bytearray()
    while True:
        byte, number = number & 0x7F, number >> 7
        more = number != 0 or len(out) + 1 < width
        out.append(byte | 0x80 if more else byte)
        if not more:
            return bytes(out)


def sleb(number):
    """A signed LEB128."""
    out = bytearray()
    while True:
        byte, number = number & 0x7F, number >> 7
        done = (number == 0 and not byte & 0x40) or (number == -1 and byte & 0x40)
        out.append(byte if done else byte | 0x80)
        if done:
            return bytes(out)


def vector(items):
    return leb(len(items)) + b"".join(items)


def name(text):
    raw = text if isinstance(text, bytes) else text.encode()
    return leb(len(raw)) + raw


def section(number, content, size=None):
    """`size` may be said to be another than it is, as a number or as bytes."""
    if size is None:
        size = len(content)
    return bytes([number]) + (size if isinstance(size, bytes) else leb(size)) + content


def custom(title, content):
    return section(CUSTOM, name(title) + content)


def function_type(parameters=(), results=()):
    return b"\x60" + vector(list(parameters)) + vector(list(results))


def types(*items):
    return section(TYPE, vector(list(items)))


def import_function(module, item, type_index):
    return name(module) + name(item) + b"\0" + leb(type_index)


def imports(*items):
    return section(IMPORT, vector(list(items)))


def functions(*type_indices):
    return section(FUNCTION, vector([leb(index) for index in type_indices]))


def memory(pages=1):
    return section(MEMORY, vector([b"\0" + leb(pages)]))


def export(item, kind, index):
    return name(item) + bytes([kind]) + leb(index)


def exports(*items):
    return section(EXPORT, vector(list(items)))


def i32_const(number):
    return b"\x41" + sleb(number)


def call(index):
    return b"\x10" + leb(index)


def body(code, local_groups=(), size=None):
    """A function: `local_groups` are pairs of a count and a type."""
    content = vector([leb(count) + kind for count, kind in local_groups]) + code
    return (leb(len(content)) if size is None else size) + content


def code(*bodies):
    return section(CODE, vector(list(bodies)))


class Parts:
    """The sections of a guest that answers nothing but "ok", to be replaced one by one.

    It imports `__guest_response`, function 0 of type 0; its `__guest_call` is function 1 of type 1.
    """

    def __init__(self):
        self.types = types(function_type([I32, I32]), function_type([I32, I32], [I32]))
        self.imports = imports(import_function("wapc", "__guest_response", 0))
        self.functions = functions(1)
        self.table = b""
        self.memory = memory()
        self.globals = b""
        self.exports = exports(export("__guest_call", 0, 1), export("memory", 2, 0))
        self.start = b""
        self.elements = b""
        self.data_count = b""
        self.code = code(body(self.respond() + END))
        self.data = section(DATA, vector([b"\0" + i32_const(0) + END + name("ok")]))
        self.after = b""

    @staticmethod
    def respond():
        """Code that responds and leaves what `__guest_call` returns."""
        return i32_const(0) + i32_const(2) + call(0) + i32_const(1)

    def sections(self):
        return [self.types, self.imports, self.functions, self.table, self.memory, self.globals, self.exports,
                self.start, self.elements, self.data_count, self.code, self.data, self.after]

    def bytes(self):
        return HEADER + b"".join(self.sections())


def guest(**parts):
    """`Parts` with some replaced, as a module."""
    made = Parts()
    for part, content in parts.items():
        assert hasattr(made, part), part
        setattr(made, part, content)
    return made.bytes()


def guest_doing(instructions, local_groups=()):
    """A guest that runs `instructions`, which leave nothing, before it answers."""
    return guest(code=code(body(instructions + Parts.respond() + END, local_groups)))
