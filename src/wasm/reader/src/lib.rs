//! Reads and validates WebAssembly modules for `wapc/wasm/module_info.hpp`, behind the C interface
//! that `../reader.hpp` declares and explains. The two files change together.
//!
//! The module is hostile. `wasmparser` bounds what it accepts; on top of that come the limits below,
//! so that a description is not out of all proportion to the file. Nothing unwinds into C++: a panic
//! becomes the status `Internal`.

mod hash;
mod lines;

use std::any::Any;
use std::ffi::c_void;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

use wasmparser::types::{Types, TypesRef};
use wasmparser::{
    BinaryReader, Chunk, CustomSectionReader, Error, ExportSectionReader, ExternalKind, FuncType,
    FuncValidator, FuncValidatorAllocations, FunctionBody, ImportSectionReader, KnownCustom, Name,
    Parser, Payload, ProducersSectionReader, RefType, TypeRef, ValType, ValidPayload, Validator,
    ValidatorResources, WasmFeatures,
};

/// What takes a few bytes in the file and about a hundred in the description. For imports and
/// exports there are limits to choose as well.
const SECTIONS_MAX: usize = 100_000;
/// What a toolchain writes are a handful. More are left out: they are only a remark.
const PRODUCERS_MAX: usize = 256;

const PAGE_BYTES_LOG2: u32 = 16;

/// `wapc::Feature` in its order. What wasmparser splits a proposal into (`BULK_MEMORY_OPT`,
/// `CALL_INDIRECT_OVERLONG`) comes with the proposal's constant. What is not here is never on.
const FEATURES: [WasmFeatures; 21] = [
    WasmFeatures::MUTABLE_GLOBAL,
    WasmFeatures::SIGN_EXTENSION,
    WasmFeatures::SATURATING_FLOAT_TO_INT,
    WasmFeatures::MULTI_VALUE,
    WasmFeatures::BULK_MEMORY,
    WasmFeatures::REFERENCE_TYPES,
    WasmFeatures::GC_TYPES,
    WasmFeatures::SIMD,
    WasmFeatures::RELAXED_SIMD,
    WasmFeatures::TAIL_CALL,
    WasmFeatures::EXTENDED_CONST,
    WasmFeatures::MULTI_MEMORY,
    WasmFeatures::MEMORY64,
    WasmFeatures::THREADS,
    WasmFeatures::EXCEPTIONS,
    WasmFeatures::LEGACY_EXCEPTIONS,
    WasmFeatures::FUNCTION_REFERENCES,
    WasmFeatures::GC,
    WasmFeatures::WIDE_ARITHMETIC,
    WasmFeatures::CUSTOM_PAGE_SIZES,
    WasmFeatures::STACK_SWITCHING,
];

/// Bytes that belong to whoever calls; valid during the call.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Text {
    data: *const u8,
    size: usize,
}

impl Text {
    fn of(bytes: &[u8]) -> Self {
        Text { data: bytes.as_ptr(), size: bytes.len() }
    }

    /// # Safety
    /// There are that many bytes, or none and then the pointer may be null.
    unsafe fn bytes(&self) -> &[u8] {
        if self.size == 0 {
            return &[];
        }
        std::slice::from_raw_parts(self.data, self.size)
    }
}

/// Each byte is a `wapc::ValueType`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Signature {
    parameters: Text,
    results: Text,
}

#[repr(C)]
pub struct Memory {
    pages_min: u64,
    pages_max: u64,
    page_bytes: u64,
    has_max: bool,
    shared: bool,
    is_64: bool,
}

#[repr(C)]
pub struct Table {
    elements_min: u64,
    elements_max: u64,
    has_max: bool,
}

/// `wapc::ModuleLimits`, without the size of the file, which the caller looks at.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Limits {
    function_bytes: u64,
    functions: u32,
    globals: u32,
    imports: u32,
    exports: u32,
    data_segments: u32,
    element_segments: u32,
    locals: u32,
    nesting: u32,
}

/// What is called with what is found. None of the functions unwinds.
#[repr(C)]
pub struct Sink {
    user: *mut c_void,
    imported: unsafe extern "C" fn(*mut c_void, Text, Text, u8, Signature),
    exported: unsafe extern "C" fn(*mut c_void, Text, u8, u32, Signature),
    memory: unsafe extern "C" fn(*mut c_void, *const Memory),
    table: unsafe extern "C" fn(*mut c_void, *const Table),
    counts: unsafe extern "C" fn(*mut c_void, u32, u32),
    start: unsafe extern "C" fn(*mut c_void, u32),
    section: unsafe extern "C" fn(*mut c_void, u8, Text, usize, usize),
    producer: unsafe extern "C" fn(*mut c_void, Text, Text, Text),
    function_name: unsafe extern "C" fn(*mut c_void, u32, Text),
    failure: unsafe extern "C" fn(*mut c_void, Text),
}

#[repr(u8)]
#[derive(Clone, Copy)]
enum Status {
    Ok = 0,
    Invalid = 1,
    LimitExceeded = 2,
    Internal = 3,
}

/// Why a module was refused.
struct Refusal(Status, String);

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Refusal(Status::Invalid, format!("not a valid module: {error}"))
    }
}

fn limit_exceeded(what: &str, limit: u64) -> Refusal {
    Refusal(Status::LimitExceeded, format!("the module has more {what} than the limit of {limit}"))
}

/// Fails when there are more of `what` than `limit`.
fn check(number: u64, limit: u32, what: &str) -> Result<(), Refusal> {
    if number > limit.into() {
        return Err(limit_exceeded(what, limit.into()));
    }
    Ok(())
}

/// Validates and describes; see `reader.hpp`.
///
/// # Safety
/// `wasm` points to `size` bytes (or is null, and `size` is 0), `limits` to a whole `Limits` and
/// `sink` to a whole `Sink`. All stay as they are during the call.
#[no_mangle]
pub unsafe extern "C" fn wapc_reader_read(
    wasm: *const u8,
    size: usize,
    features: u32,
    limits: *const Limits,
    bodies: bool,
    sink: *const Sink,
) -> u8 {
    keep_panics_quiet();
    let bytes = if size == 0 { &[][..] } else { std::slice::from_raw_parts(wasm, size) };
    let (limits, sink) = (&*limits, &*sink);
    let outcome = panic::catch_unwind(AssertUnwindSafe(|| read(bytes, features, limits, bodies, sink)))
        .unwrap_or_else(|panic| Err(Refusal(Status::Internal, describe_panic(panic))));
    match outcome {
        Ok(()) => Status::Ok as u8,
        Err(Refusal(status, message)) => {
            (sink.failure)(sink.user, Text::of(message.as_bytes()));
            status as u8
        }
    }
}

/// A panic is reported as an error, not on the standard error of a program that never asked. The
/// hook is this library's own: its copy of Rust's standard library is not shared (WasmReader.cmake).
fn keep_panics_quiet() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| panic::set_hook(Box::new(|_| {})));
}

fn describe_panic(panic: Box<dyn Any + Send>) -> String {
    let text = match (panic.downcast_ref::<&str>(), panic.downcast_ref::<String>()) {
        (Some(text), _) => text,
        (_, Some(text)) => text.as_str(),
        _ => "for a reason it did not say",
    };
    format!("the reader of modules failed: {text}")
}

fn read(
    bytes: &[u8],
    features: u32,
    limits: &Limits,
    bodies: bool,
    sink: &Sink,
) -> Result<(), Refusal> {
    check_kind(bytes)?;
    let found = validate(bytes, wasm_features(features), limits, bodies, sink)?;
    describe(&found, sink)
}

fn wasm_features(bits: u32) -> WasmFeatures {
    let mut features = WasmFeatures::FLOATS; // A switch of wasmparser, not a proposal.
    for (bit, feature) in FEATURES.iter().enumerate() {
        features.set(*feature, bits & (1 << bit) != 0);
    }
    // Both are proposals of references that are counted, as `externref` is.
    if features.intersects(WasmFeatures::GC | WasmFeatures::EXCEPTIONS) {
        features |= WasmFeatures::GC_TYPES;
    }
    features
}

/// Says what the bytes are when they are no module at all; finer than `wasmparser` does.
fn check_kind(bytes: &[u8]) -> Result<(), Refusal> {
    let refuse = |message: &str| Err(Refusal(Status::Invalid, message.into()));
    if bytes.is_empty() {
        return refuse("not WebAssembly: it is empty");
    }
    let magic = &bytes[..bytes.len().min(4)];
    if !b"\0asm".starts_with(magic) {
        let text = bytes.trim_ascii_start();
        let is_text = [&b"(module"[..], b"(component", b"(;", b";;"]
            .iter()
            .any(|start| text.starts_with(start));
        return refuse(if is_text {
            "not WebAssembly in binary: this looks like the text format, \
             which wat2wasm turns into binary"
        } else {
            "not WebAssembly: it does not begin with the bytes 00 61 73 6d"
        });
    }
    if bytes.len() >= 8 && bytes[6..8] == [1, 0] {
        return refuse(
            "this is a component, not a module: build the guest as a core module \
             (for wasm32-wasip1 or wasm32-unknown-unknown, not for wasm32-wasip2)",
        );
    }
    Ok(())
}

/// What is left to describe once the module is known to be valid.
struct Found<'a> {
    types: Types,
    imports: Option<ImportSectionReader<'a>>,
    exports: Option<ExportSectionReader<'a>>,
    start: Option<u32>,
    names: Option<CustomSectionReader<'a>>,
    producers: Option<CustomSectionReader<'a>>,
}

fn validate<'a>(
    bytes: &'a [u8],
    features: WasmFeatures,
    limits: &Limits,
    bodies: bool,
    sink: &Sink,
) -> Result<Found<'a>, Refusal> {
    let mut counts = Counts::default();
    let mut validator = Validator::new_with_features(features);
    let mut allocations = FuncValidatorAllocations::default();
    let mut parser = Parser::new(0);
    parser.set_features(features);
    let mut rest = bytes;
    let mut sections = 0;
    let (mut imports, mut exports, mut start, mut names, mut producers) =
        (None, None, None, None, None);
    loop {
        let payload = next_payload(&mut parser, &mut rest)?;
        if payload.as_section().is_some() {
            sections += 1;
            if sections > SECTIONS_MAX {
                return Err(limit_exceeded("sections", SECTIONS_MAX as u64));
            }
        }
        // Before anything is made of it.
        counts.add(&payload, limits)?;
        match validator.payload(&payload)? {
            ValidPayload::Func(function, body) if bodies => {
                // At once rather than at the end: a million functions need not be remembered.
                let mut function = function.into_validator(allocations);
                validate_function(&mut function, &body, features, limits)?;
                allocations = function.into_allocations();
            }
            ValidPayload::End(types) => {
                return Ok(Found { types, imports, exports, start, names, producers })
            }
            _ => {}
        }
        report_section(&payload, sink);
        match payload {
            Payload::ImportSection(section) => imports = Some(section),
            Payload::ExportSection(section) => exports = Some(section),
            Payload::StartSection { func, .. } => start = Some(func),
            // Of custom sections that should be there once, the first counts.
            Payload::CustomSection(section) => match section.name() {
                "name" => names = names.or(Some(section)),
                "producers" => producers = producers.or(Some(section)),
                _ => {}
            },
            _ => {}
        }
    }
}

/// How many there are so far, of what imports add to.
#[derive(Default)]
struct Counts {
    functions: u64,
    globals: u64,
}

impl Counts {
    /// Looks at the counts that a section begins with.
    fn add(&mut self, payload: &Payload, limits: &Limits) -> Result<(), Refusal> {
        match payload {
            Payload::ImportSection(section) => {
                // A count may stand for several imports, and what is wrong is not said here.
                for (position, import) in section.clone().into_imports().enumerate() {
                    check(position as u64 + 1, limits.imports, "imports")?;
                    match import.map(|import| import.ty) {
                        Ok(TypeRef::Func(_) | TypeRef::FuncExact(_)) => self.functions += 1,
                        Ok(TypeRef::Global(_)) => self.globals += 1,
                        Ok(_) => {}
                        Err(_) => break,
                    }
                }
            }
            Payload::FunctionSection(section) => self.functions += u64::from(section.count()),
            Payload::GlobalSection(section) => self.globals += u64::from(section.count()),
            Payload::ExportSection(section) => {
                check(section.count().into(), limits.exports, "exports")?;
            }
            Payload::ElementSection(section) => {
                check(section.count().into(), limits.element_segments, "element segments")?;
            }
            Payload::DataSection(section) => {
                check(section.count().into(), limits.data_segments, "data segments")?;
            }
            Payload::DataCountSection { count, .. } => {
                check((*count).into(), limits.data_segments, "data segments")?;
            }
            _ => return Ok(()),
        }
        check(self.functions, limits.functions, "functions")?;
        check(self.globals, limits.globals, "globals")
    }
}

/// As `FuncValidator::validate`, with a look at the limits.
fn validate_function(
    function: &mut FuncValidator<ValidatorResources>,
    body: &FunctionBody,
    features: WasmFeatures,
    limits: &Limits,
) -> Result<(), Refusal> {
    let range = body.range();
    if range.end - range.start > limits.function_bytes {
        return Err(limit_exceeded("bytes of code in one function", limits.function_bytes));
    }
    let mut reader = body.get_binary_reader();
    function.read_locals(&mut reader)?;
    reader.set_features(features);
    check(function.len_locals().into(), limits.locals, "locals in one function")?;
    while !reader.eof() {
        let offset = reader.original_position();
        reader.visit_operator(&mut function.visitor(offset))??;
        // The function itself is a block too, which is not counted.
        let depth = function.control_stack_height().saturating_sub(1);
        check(depth.into(), limits.nesting, "blocks nested in one function")?;
    }
    let end = reader.original_position();
    Ok(reader.finish_expression(&function.visitor(end))?)
}

fn next_payload<'a>(parser: &mut Parser, rest: &mut &'a [u8]) -> Result<Payload<'a>, Refusal> {
    let mut before = parser.clone();
    match parser.parse(rest, true) {
        Ok(Chunk::Parsed { consumed, payload }) => {
            *rest = &rest[consumed..];
            Ok(payload)
        }
        Ok(Chunk::NeedMoreData(_)) => unreachable!("the parser was told that there is no more"),
        Err(error) => {
            // Would more bytes have helped? Then the file ends too early, rather than being wrong.
            let cut = error.message() == "unexpected end-of-file"
                && matches!(before.parse(rest, false), Ok(Chunk::NeedMoreData(_)));
            let mut refusal = Refusal::from(error);
            if cut {
                refusal.1.push_str("; the file is cut short");
            }
            Err(refusal)
        }
    }
}

fn report_section(payload: &Payload, sink: &Sink) {
    let Some((id, range)) = payload.as_section() else {
        return;
    };
    let name = match payload {
        Payload::CustomSection(section) => section.name(),
        _ => "",
    };
    // All offsets are within the slice that is being read.
    let (offset, size) = (range.start as usize, (range.end - range.start) as usize);
    unsafe { (sink.section)(sink.user, id, Text::of(name.as_bytes()), offset, size) };
}

fn describe(found: &Found, sink: &Sink) -> Result<(), Refusal> {
    let types = found.types.as_ref();
    let functions = types.function_count();
    unsafe { (sink.counts)(sink.user, functions, types.global_count()) };
    if let Some(start) = found.start {
        unsafe { (sink.start)(sink.user, start) };
    }
    let mut signatures = Signatures::default();
    if let Some(imports) = &found.imports {
        report_imports(imports, types, &mut signatures, sink)?;
    }
    if let Some(exports) = &found.exports {
        report_exports(exports, types, &mut signatures, sink)?;
    }
    report_memories_and_tables(types, sink);
    if let Some(names) = &found.names {
        report_names(names, functions, sink);
    }
    if let Some(producers) = &found.producers {
        // A malformed custom section is no error; what came before the flaw is kept.
        let _ = report_producers(producers, sink);
    }
    Ok(())
}

fn report_imports(
    section: &ImportSectionReader,
    types: TypesRef,
    signatures: &mut Signatures,
    sink: &Sink,
) -> Result<(), Refusal> {
    for import in section.clone().into_imports() {
        let import = import?;
        let (kind, function) = match import.ty {
            TypeRef::Func(index) | TypeRef::FuncExact(index) => {
                (ExternalKind::Func, Some(types[types.core_type_at_in_module(index)].unwrap_func()))
            }
            TypeRef::Memory(_) => (ExternalKind::Memory, None),
            TypeRef::Table(_) => (ExternalKind::Table, None),
            TypeRef::Global(_) => (ExternalKind::Global, None),
            TypeRef::Tag(_) => (ExternalKind::Tag, None),
        };
        let signature = signatures.of(function);
        let (module, name) = (Text::of(import.module.as_bytes()), Text::of(import.name.as_bytes()));
        unsafe { (sink.imported)(sink.user, module, name, kind_number(kind), signature) };
    }
    Ok(())
}

fn report_exports(
    section: &ExportSectionReader,
    types: TypesRef,
    signatures: &mut Signatures,
    sink: &Sink,
) -> Result<(), Refusal> {
    for export in section.clone() {
        let export = export?;
        let function = match export.kind {
            ExternalKind::Func | ExternalKind::FuncExact => {
                Some(types[types.core_function_at(export.index)].unwrap_func())
            }
            _ => None,
        };
        let signature = signatures.of(function);
        let name = Text::of(export.name.as_bytes());
        unsafe {
            (sink.exported)(sink.user, name, kind_number(export.kind), export.index, signature)
        };
    }
    Ok(())
}

fn report_memories_and_tables(types: TypesRef, sink: &Sink) {
    for index in 0..types.memory_count() {
        let memory = types.memory_at(index);
        let memory = Memory {
            pages_min: memory.initial,
            pages_max: memory.maximum.unwrap_or(0),
            page_bytes: 1 << memory.page_size_log2.unwrap_or(PAGE_BYTES_LOG2),
            has_max: memory.maximum.is_some(),
            shared: memory.shared,
            is_64: memory.memory64,
        };
        unsafe { (sink.memory)(sink.user, &memory) };
    }
    for index in 0..types.table_count() {
        let table = types.table_at(index);
        let table = Table {
            elements_min: table.initial,
            elements_max: table.maximum.unwrap_or(0),
            has_max: table.maximum.is_some(),
        };
        unsafe { (sink.table)(sink.user, &table) };
    }
}

fn report_names(section: &CustomSectionReader, functions: u32, sink: &Sink) {
    let KnownCustom::Name(subsections) = section.as_known() else {
        return;
    };
    // A malformed custom section is no error; what came before the flaw is kept.
    for subsection in subsections.map_while(Result::ok) {
        let Name::Function(names) = subsection else {
            continue;
        };
        for naming in names.into_iter().map_while(Result::ok) {
            if naming.index < functions {
                let name = Text::of(naming.name.as_bytes());
                unsafe { (sink.function_name)(sink.user, naming.index, name) };
            }
        }
    }
}

fn report_producers(section: &CustomSectionReader, sink: &Sink) -> Result<(), Error> {
    let data = BinaryReader::new(section.data(), section.data_offset());
    let mut reported = 0;
    for field in ProducersSectionReader::new(data)? {
        let field = field?;
        for value in field.values {
            let value = value?;
            if reported == PRODUCERS_MAX {
                return Ok(());
            }
            reported += 1;
            let [field, name, version] =
                [field.name, value.name, value.version].map(|text| Text::of(text.as_bytes()));
            unsafe { (sink.producer)(sink.user, field, name, version) };
        }
    }
    Ok(())
}

/// Turns function types into bytes; keeps the storage. What all of a module's imports and exports
/// come to is bounded by wasmparser, which limits their types taken together.
#[derive(Default)]
struct Signatures {
    parameters: Vec<u8>,
    results: Vec<u8>,
}

impl Signatures {
    /// Valid until the next one is made. Empty when there is no function.
    fn of(&mut self, function: Option<&FuncType>) -> Signature {
        self.parameters.clear();
        self.results.clear();
        if let Some(function) = function {
            self.parameters.extend(function.params().iter().map(|t| value_type_number(*t)));
            self.results.extend(function.results().iter().map(|t| value_type_number(*t)));
        }
        Signature { parameters: Text::of(&self.parameters), results: Text::of(&self.results) }
    }
}

/// The number of `wapc::ExternKind`.
fn kind_number(kind: ExternalKind) -> u8 {
    match kind {
        ExternalKind::Func | ExternalKind::FuncExact => 0,
        ExternalKind::Memory => 1,
        ExternalKind::Table => 2,
        ExternalKind::Global => 3,
        ExternalKind::Tag => 4,
    }
}

/// The number of `wapc::ValueType`.
fn value_type_number(value_type: ValType) -> u8 {
    match value_type {
        ValType::I32 => 0,
        ValType::I64 => 1,
        ValType::F32 => 2,
        ValType::F64 => 3,
        ValType::V128 => 4,
        ValType::Ref(reference) if reference == RefType::FUNCREF => 5,
        ValType::Ref(reference) if reference == RefType::EXTERNREF => 6,
        ValType::Ref(_) => 7,
    }
}
