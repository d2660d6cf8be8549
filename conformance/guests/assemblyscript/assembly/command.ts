// A program for WASI in AssemblyScript with wasi-shim; knows nothing of waPC.
import { readAll, readFile } from "./files";

const STDIN = 0;

console.log("arguments: " + process.argv.join(" "));
console.log("GREETING: " + (process.env.has("GREETING") ? process.env.get("GREETING") : "not set"));
for (let i = 1; i < process.argv.length; ++i) {
  const read = readFile(process.argv[i]);
  const error = read.error;
  const text = error !== null ? error + "\n" : String.UTF8.decode(read.bytes);
  process.stdout.write(process.argv[i] + ": " + text);
}
const lines = String.UTF8.decode(readAll(STDIN).bytes).split("\n");
for (let i = 0; i + 1 < lines.length; ++i) {
  console.log("> " + lines[i]);
}
process.stderr.write("that is all\n");
process.exit(7);
