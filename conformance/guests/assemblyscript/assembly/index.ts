// A guest made with the public SDK for AssemblyScript. An abort goes through the SDK: it gives the text
// as the guest's error and then traps.
import { handleAbort, handleCall } from "@wapc/as-guest";
import { registerOperations } from "./operations";

registerOperations();

export function __guest_call(operation_size: usize, payload_size: usize): bool {
  return handleCall(operation_size, payload_size);
}

export function abort(message: string | null, file: string | null, line: u32, column: u32): void {
  handleAbort(message, file, line, column);
}
