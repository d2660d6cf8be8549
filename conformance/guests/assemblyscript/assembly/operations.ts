// What all guests in AssemblyScript answer; how an abort ends them is their entry file's business.
import { consoleLog, hostCall, register, Result } from "@wapc/as-guest";

export function text(bytes: ArrayBuffer): string {
  return String.UTF8.decode(bytes);
}

export function success(answer: ArrayBuffer): Result<ArrayBuffer> {
  return Result.ok<ArrayBuffer>(answer);
}

export function failure(reason: string): Result<ArrayBuffer> {
  return Result.error<ArrayBuffer>(new Error(reason));
}

function echo(payload: ArrayBuffer): Result<ArrayBuffer> {
  return success(payload);
}

function hello(payload: ArrayBuffer): Result<ArrayBuffer> {
  const pong = hostCall("myBinding", "wapc:sample", "Ping", payload);
  if (!pong.isOk) {
    return failure("host call failed: " + pong.error()!.message);
  }
  return success(String.UTF8.encode("hello world!"));
}

function fail(payload: ArrayBuffer): Result<ArrayBuffer> {
  return failure(payload.byteLength == 0 ? "failed on purpose" : text(payload));
}

function host(payload: ArrayBuffer): Result<ArrayBuffer> {
  return hostCall("conformance", "guest", "relay", payload);
}

function log(payload: ArrayBuffer): Result<ArrayBuffer> {
  consoleLog(text(payload));
  return success(new ArrayBuffer(0));
}

function panic(payload: ArrayBuffer): Result<ArrayBuffer> {
  throw new Error(text(payload));
}

export function registerOperations(): void {
  register("echo", echo);
  register("wapc:sample!Hello", hello);
  register("fail", fail);
  register("host", host);
  register("log", log);
  register("panic", panic);
}
