// The guest on WASI, by npm @assemblyscript/wasi-shim: a reactor, whose `_initialize` registers the
// operations. An abort goes through the shim: it prints the text and exits.
import { handleCall, register, Result } from "@wapc/as-guest";
import {
  clockid,
  errnoToString,
  event,
  eventtype,
  poll_oneoff,
  subscription_clock,
} from "bindings/wasi_snapshot_preview1";
import { readFile, writeFile } from "./files";
import { failure, registerOperations, success, text } from "./operations";

registerOperations();
register("print", print);
register("print-error", printError);
register("read", read);
register("write", write);
register("env", variable);
register("args", args);
register("time", time);
register("sleep", sleep);
register("random", random);
register("exit", exit);

export function __guest_call(operation_size: usize, payload_size: usize): bool {
  return handleCall(operation_size, payload_size);
}

function nothing(): Result<ArrayBuffer> {
  return success(new ArrayBuffer(0));
}

function print(payload: ArrayBuffer): Result<ArrayBuffer> {
  console.log(text(payload));
  return nothing();
}

function printError(payload: ArrayBuffer): Result<ArrayBuffer> {
  process.stderr.write(text(payload) + "\n");
  return nothing();
}

function read(payload: ArrayBuffer): Result<ArrayBuffer> {
  const read = readFile(text(payload));
  const error = read.error;
  return error !== null ? failure(error) : success(read.bytes);
}

function write(payload: ArrayBuffer): Result<ArrayBuffer> {
  const words = text(payload);
  const end = words.indexOf("\n");
  if (end < 0) {
    return failure("no path");
  }
  const error = writeFile(words.substring(0, end), words.substring(end + 1));
  return error !== null ? failure(error) : nothing();
}

function variable(payload: ArrayBuffer): Result<ArrayBuffer> {
  const name = text(payload);
  return process.env.has(name)
    ? success(String.UTF8.encode(process.env.get(name)))
    : failure("no such variable");
}

function args(payload: ArrayBuffer): Result<ArrayBuffer> {
  return success(String.UTF8.encode(process.argv.map<string>((argument) => argument + "\n").join("")));
}

function time(payload: ArrayBuffer): Result<ArrayBuffer> {
  return success(String.UTF8.encode((process.time() / 1000).toString()));
}

// The shim has no function for it, but the call that one would make.
function sleep(payload: ArrayBuffer): Result<ArrayBuffer> {
  const wait = new subscription_clock();
  wait.userdata = 0;
  wait.type = eventtype.CLOCK;
  wait.clock_id = clockid.MONOTONIC;
  wait.timeout = <u64>I64.parseInt(text(payload)) * 1000000;
  wait.precision = 0;
  wait.flags = 0;
  const number = memory.data(8, 8);
  const happened = memory.data(offsetof<event>(), 8);
  const error = poll_oneoff(changetype<usize>(wait), happened, 1, number);
  heap.free(changetype<usize>(wait));
  return error ? failure(errnoToString(error)) : nothing();
}

function random(payload: ArrayBuffer): Result<ArrayBuffer> {
  const bytes = new Uint8Array(16);
  crypto.getRandomValues(bytes);
  return success(bytes.buffer);
}

function exit(payload: ArrayBuffer): Result<ArrayBuffer> {
  process.exit(I32.parseInt(text(payload)));
  return nothing();
}
