// Files by the calls of WASI that wasi-shim binds: neither it nor AssemblyScript has functions for
// them. Paths are relative to the first directory that the host gave.
import {
  errno,
  errnoToString,
  fd,
  fd_close,
  fd_read,
  fd_write,
  lookupflags,
  oflags,
  path_open,
  rights,
} from "bindings/wasi_snapshot_preview1";

const DIRECTORY: fd = 3;

// Where the calls leave a number, and find a buffer's address and length.
const number = memory.data(8, 8);
const vector = memory.data(8, 8);

/** What a file gave, or the name of the error. */
export class Read {
  constructor(
    public bytes: ArrayBuffer,
    public error: string | null,
  ) {}
}

function pointTo(buffer: ArrayBuffer): void {
  store<usize>(vector, changetype<usize>(buffer));
  store<usize>(vector, <usize>buffer.byteLength, sizeof<usize>());
}

function open(path: string, how: oflags, right: rights): errno {
  const name = String.UTF8.encode(path);
  return path_open(
    DIRECTORY, lookupflags.SYMLINK_FOLLOW, changetype<usize>(name), <usize>name.byteLength, how, right, 0, 0, number,
  );
}

export function readAll(file: fd): Read {
  const bytes: u8[] = [];
  const buffer = new ArrayBuffer(4096);
  pointTo(buffer);
  let error: errno = errno.SUCCESS;
  while ((error = fd_read(file, vector, 1, number)) == errno.SUCCESS) {
    const count = load<u32>(number);
    if (count == 0) {
      return new Read(bytes.buffer.slice(0, bytes.length), null);
    }
    for (let i: u32 = 0; i < count; ++i) {
      bytes.push(load<u8>(changetype<usize>(buffer) + i));
    }
  }
  return new Read(buffer, errnoToString(error));
}

export function readFile(path: string): Read {
  const error = open(path, 0, rights.FD_READ);
  if (error != errno.SUCCESS) {
    return new Read(new ArrayBuffer(0), errnoToString(error));
  }
  const file: fd = load<u32>(number);
  const read = readAll(file);
  fd_close(file);
  return read;
}

/** Gives the name of the error, if there is one. */
export function writeFile(path: string, text: string): string | null {
  let error = open(path, oflags.CREAT | oflags.TRUNC, rights.FD_WRITE);
  if (error == errno.SUCCESS) {
    const file: fd = load<u32>(number);
    const bytes = String.UTF8.encode(text);
    pointTo(bytes);
    error = fd_write(file, vector, 1, number);
    fd_close(file);
  }
  return error == errno.SUCCESS ? null : errnoToString(error);
}
