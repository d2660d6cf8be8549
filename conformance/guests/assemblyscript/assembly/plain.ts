// The same guest without the SDK's abort: the compiler then imports `env.abort`, as it does for many a
// stranger's guest.
import { handleCall } from "@wapc/as-guest";
import { registerOperations } from "./operations";

registerOperations();

export function __guest_call(operation_size: usize, payload_size: usize): bool {
  return handleCall(operation_size, payload_size);
}
