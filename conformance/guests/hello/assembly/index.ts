// The smallest useful guest: one operation that asks its host something, and then answers whether or
// not its host did. It is made with the public SDK for AssemblyScript, @wapc/as-guest, and knows
// nothing of the host in C++.
import { consoleLog, handleAbort, handleCall, hostCall, register, Result } from "@wapc/as-guest";

register("wapc:sample!Hello", (payload: ArrayBuffer): Result<ArrayBuffer> => {
  const pong = hostCall("myBinding", "wapc:sample", "Ping", payload);
  if (!pong.isOk) {
    consoleLog("nobody answers my Ping: " + pong.error()!.message);
  }
  return Result.ok<ArrayBuffer>(String.UTF8.encode("hello world!"));
});

// The SDK asks for these two in the entry file.

export function __guest_call(operation_size: usize, payload_size: usize): bool {
  return handleCall(operation_size, payload_size);
}

export function abort(message: string | null, file: string | null, line: u32, column: u32): void {
  handleAbort(message, file, line, column);
}
