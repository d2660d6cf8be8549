// npm's @wapc/host on Node: answers the runner's requests (see ../README.md). The module is compiled
// once and the host given its instances, which is quicker than its `instantiate`. V8 compiles
// functions when they are first called and keeps no code that a program could ask for, so there is
// no loading to compare.

import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";

import wapc from "@wapc/host";

function instanceOf(module) {
  const host = new wapc.WapcHost((_binding, _namespace, _operation, payload) => payload);
  host.initialize(new WebAssembly.Instance(module, host.getImports()));
  return host;
}

async function call(host, operation, payload) {
  const response = await host.invoke(operation, payload);
  if (response.length !== payload.length) throw new Error("another response than was asked for");
}

// Nanoseconds for one time of the work, done again and again for a slice of time.
async function repeat(seconds, work) {
  const slice = seconds * 1e9;
  const start = process.hrtime.bigint();
  for (let done = 0, batch = 1; ; ) {
    for (let i = 0; i < batch; ++i) await work();
    done += batch;
    const passed = Number(process.hrtime.bigint() - start);
    if (passed >= slice) return passed / done;
    if (passed * 16 < slice) batch *= 2; // So that looking at the clock costs nothing.
  }
}

const echo = (host, payload, seconds) => repeat(seconds, () => call(host, "echo", payload));
const bytes = (size) => new Uint8Array(size).fill("x".charCodeAt(0));

// A thread is kept, with its instance: its code has to be compiled and found hot again.
const workers = [];

async function timeOf(worker, seconds) {
  const answer = once(worker, "message");
  worker.postMessage(seconds);
  return (await answer)[0];
}

async function onThreads(count, seconds, module) {
  while (workers.length < count) {
    const worker = new Worker(new URL(import.meta.url), { workerData: module });
    await once(worker, "message");
    workers.push(worker);
  }
  const times = await Promise.all(workers.slice(0, count).map((worker) => timeOf(worker, seconds)));
  return 1 / times.reduce((sum, time) => sum + 1 / time, 0);
}

async function measure(row, size, seconds, module, host) {
  const nothing = new Uint8Array(0);
  switch (row) {
    case "nop":
      return repeat(seconds, () => call(host, "nop", nothing));
    case "echo":
      return echo(host, bytes(size), seconds);
    case "host":
      return (await repeat(seconds, () => call(host, "host", nothing))) / 1000;
    case "fresh":
      return repeat(seconds, () => call(instanceOf(module), "nop", nothing));
    case "threads":
      return onThreads(size, seconds, module);
    default:
      return undefined;
  }
}

async function serve() {
  const module = new WebAssembly.Module(readFileSync(process.argv[2]));
  const host = instanceOf(module);
  for await (const line of createInterface({ input: process.stdin })) {
    const [row, size, seconds] = line.split(" ");
    const time = await measure(row, Number(size), Number(seconds), module, host);
    process.stdout.write(`${time === undefined ? "-" : time.toFixed(3)}\n`);
  }
  for (const worker of workers) await worker.terminate();
}

if (isMainThread) {
  await serve();
} else {
  const host = instanceOf(workerData);
  parentPort.on("message", async (seconds) => {
    parentPort.postMessage(await echo(host, bytes(64), seconds));
  });
  parentPort.postMessage("ready");
}
