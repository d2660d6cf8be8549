//! The lines behind `src/wasm/source_lines.hpp`: the line programs of DWARF 2 to 5, run by `gimli`.
//!
//! They are hostile, and they are only a remark: what is wrong with them costs lines, and is no
//! error. Time is in proportion to the bytes, and memory bounded by the limits below.

use std::collections::HashMap;
use std::ffi::{c_void, CStr};
use std::panic;

use gimli::{
    AttributeValue, DebugLine, DebugLineOffset, EndianSlice, Format, IncompleteLineProgram,
    LineInstruction, LineProgramHeader, LineRow, LittleEndian, Reader as _,
};

use crate::{keep_panics_quiet, Text};

/// Of a module. With more of either it has no lines at all, rather than some of them.
const ROWS_MAX: usize = 2_000_000;
const FILES_MAX: usize = 65_536;
/// Bytes of the header of a program, of which gimli makes a hundred times as many. A program with
/// more is left out.
const HEADER_MAX: usize = 256 << 10;
/// Bytes of one string that are looked at: many names may point to the same long one.
const STRING_MAX: usize = 512;
/// Bytes of a file's name. The end of one that is longer says more than its beginning.
const NAME_MAX: usize = 200;

type Reader<'a> = EndianSlice<'a, LittleEndian>;
type Header<'a> = LineProgramHeader<Reader<'a>>;

/// The `file` of what is no code, or code of which nothing is known.
const NO_FILE: u32 = u32::MAX;

/// From `address` on, an offset into the contents of the code section, and up to the next row's:
/// `line` of the file with the number `file`. When `line` is 0, that of no line.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Row {
    address: u32,
    file: u32,
    line: u32,
}

/// What is called with what is found. None of the functions unwinds.
#[repr(C)]
pub struct LineSink {
    user: *mut c_void,
    file: unsafe extern "C" fn(*mut c_void, Text),
    rows: unsafe extern "C" fn(*mut c_void, *const Row, usize),
}

/// Reads lines; see `reader.hpp`.
///
/// # Safety
/// The texts are as large as they are said to be, and `sink` points to a whole `LineSink`.
#[no_mangle]
pub unsafe extern "C" fn wapc_reader_lines(
    debug_line: Text,
    debug_line_str: Text,
    code_size: u32,
    sink: *const LineSink,
) {
    keep_panics_quiet();
    let (programs, strings, sink) = (debug_line.bytes(), debug_line_str.bytes(), &*sink);
    if let Ok(Some(lines)) = panic::catch_unwind(|| Lines::read(programs, strings, code_size)) {
        for name in &lines.files {
            (sink.file)(sink.user, Text::of(name));
        }
        (sink.rows)(sink.user, lines.rows.as_ptr(), lines.rows.len());
    }
}

struct Lines<'a> {
    strings: &'a [u8],
    code_size: u32,
    rows: Vec<Row>,
    files: Vec<Vec<u8>>,
    numbers: HashMap<Vec<u8>, u32>, // Of `files`.
}

impl<'a> Lines<'a> {
    /// Rows are by address, each with another line than the one before. Nothing if there are more
    /// than the limits allow.
    fn read(programs: &'a [u8], strings: &'a [u8], code_size: u32) -> Option<Self> {
        let (rows, files, numbers) = Default::default();
        let mut lines = Lines { strings, code_size, rows, files, numbers };
        let mut rest = EndianSlice::new(programs, LittleEndian);
        while !rest.is_empty() && !lines.full() {
            let offset = DebugLineOffset(programs.len() - rest.len());
            // What comes after a program that is cut short cannot be found.
            let Ok((size, format)) = rest.read_initial_length() else { break };
            let Ok(unit) = rest.split(size) else { break };
            if header_size(unit, format).is_ok_and(|size| size <= HEADER_MAX) {
                // Addresses take 4 bytes, or what version 5 says. Of 8, older versions see the lower
                // half, which comes first, and is enough for what is within the code section.
                let program = DebugLine::from(EndianSlice::new(programs, LittleEndian))
                    .program(offset, 4, None, None);
                if let Ok(program) = program {
                    lines.run(program);
                }
            }
        }
        if lines.full() {
            return None;
        }
        // Where one sequence ends and another begins, the end comes first.
        lines.rows.sort_by_key(|row| (row.address, row.file != NO_FILE));
        lines.rows.dedup_by_key(|row| (row.file, row.line));
        Some(lines)
    }

    fn full(&self) -> bool {
        self.rows.len() > ROWS_MAX || self.files.len() > FILES_MAX
    }

    /// Adds the rows of all sequences of `program` that are whole.
    fn run(&mut self, mut program: IncompleteLineProgram<Reader<'a>>) {
        let mut instructions = program.header().instructions();
        let mut numbers = vec![None; program.header().file_names().len() + 1];
        let mut row = LineRow::new(program.header());
        let mut start = self.rows.len(); // Of the sequence.
        let mut live = false;
        while !self.full() {
            let Ok(Some(instruction)) = instructions.next_instruction(program.header()) else {
                break;
            };
            match instruction {
                // A function that the linker dropped is at 0, or beyond all code.
                LineInstruction::SetAddress(address) => {
                    live =
                        address != 0 && address < self.code_size.into() && address >= row.address();
                }
                // No compiler has written that for long, and gimli would keep it.
                LineInstruction::DefineFile(_) => continue,
                _ => {}
            }
            let Ok(complete) = row.execute(instruction, &mut program) else { break };
            if !complete {
                continue;
            }
            if live {
                self.add(start, &row, program.header(), &mut numbers);
            }
            if row.end_sequence() {
                if self.rows.len() < start + 2 {
                    self.rows.truncate(start); // It would but end what is known of others.
                }
                start = self.rows.len();
                live = false;
            }
            row.reset(program.header());
        }
        self.rows.truncate(start);
    }

    /// Adds a row of the sequence whose first one is at `start`. `numbers` are those of the
    /// program's files, as far as they were asked for.
    fn add(
        &mut self,
        start: usize,
        row: &LineRow,
        header: &Header<'a>,
        numbers: &mut [Option<u32>],
    ) {
        // At most the size of the code, so it fits.
        let address = row.address().min(self.code_size.into()) as u32;
        let (file, line) = match row.line().and_then(|line| u32::try_from(line.get()).ok()) {
            _ if row.end_sequence() => (NO_FILE, 0),
            Some(line) => match self.file(row.file_index(), header, numbers) {
                Some(file) => (file, line),
                None => (0, 0),
            },
            None => (0, 0),
        };
        match self.rows[start..].last_mut() {
            Some(last) if last.address == address => *last = Row { address, file, line },
            Some(last) if (last.file, last.line) == (file, line) => {}
            _ => self.rows.push(Row { address, file, line }),
        }
    }

    /// The number of the program's file with that index.
    fn file(
        &mut self,
        index: u64,
        header: &Header<'a>,
        numbers: &mut [Option<u32>],
    ) -> Option<u32> {
        let number = numbers.get_mut(usize::try_from(index).ok()?)?;
        if number.is_none() {
            let name = self.name(index, header)?;
            *number = Some(*self.numbers.entry(name).or_insert_with_key(|name| {
                self.files.push(name.clone());
                self.files.len() as u32 - 1
            }));
        }
        *number
    }

    fn name(&self, index: u64, header: &Header<'a>) -> Option<Vec<u8>> {
        let file = header.file(index)?;
        let name = self.string(file.path_name())?;
        // Directory 0 is where the compiler ran. Version 4 says so elsewhere, and who reads a
        // backtrace knows.
        let directory = match file.directory_index() {
            0 => &[],
            _ if name.starts_with(b"/") => &[],
            _ => file.directory(header).and_then(|value| self.string(value)).unwrap_or_default(),
        };
        let mut whole = directory.to_vec();
        if !directory.is_empty() && !directory.ends_with(b"/") {
            whole.push(b'/');
        }
        whole.extend_from_slice(name);
        whole.drain(..whole.len().saturating_sub(NAME_MAX));
        Some(whole)
    }

    /// Where names are, in the program or in `.debug_line_str`, but for `.debug_str`: compilers
    /// leave them to that in no line program, and it is large.
    fn string(&self, value: AttributeValue<Reader<'a>>) -> Option<&'a [u8]> {
        let text = match value {
            AttributeValue::String(text) => text.slice(),
            AttributeValue::DebugLineStrRef(offset) => self.strings.get(offset.0..)?,
            _ => return None,
        };
        let text = &text[..text.len().min(STRING_MAX)];
        Some(CStr::from_bytes_until_nul(text).map_or(text, CStr::to_bytes))
    }
}

/// The size that a program says its header has, from `unit`, which is what follows its length.
fn header_size(mut unit: Reader, format: Format) -> gimli::Result<usize> {
    if unit.read_u16()? >= 5 {
        unit.skip(2)?; // The sizes of addresses and of segment selectors.
    }
    unit.read_length(format)
}
