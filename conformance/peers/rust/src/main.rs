//! The Rust host of waPC behind the JSON-lines protocol of `wapc_conformance --command`; see
//! `conformance/peers/README.md` for its words.

use std::collections::HashMap;
use std::error::Error;
use std::io::{BufRead, Write};
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::sync::atomic::{AtomicPtr, Ordering};
use std::sync::{Arc, Mutex};

use serde_json::{json, Value};
use wapc::WapcHost;
use wasmtime_provider::{ResourceLimits, WasmtimeEngineProviderBuilder};

type Failure = Box<dyn Error + Send + Sync>;

/// The host that is answering, for handlers that call it again. Only used on the thread that runs
/// it, while it lives.
static OWN_HOST: AtomicPtr<WapcHost> = AtomicPtr::new(std::ptr::null_mut());

fn hex(bytes: &[u8]) -> String {
  const DIGITS: &[u8; 16] = b"0123456789abcdef";
  let digit = |half: u8| DIGITS[half as usize] as char;
  bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

fn bytes_of(value: &Value) -> Vec<u8> {
  let digits = value.as_str().unwrap_or_default().as_bytes();
  let digit = |d: u8| (d as char).to_digit(16).expect("a hexadecimal digit") as u8;
  digits.chunks_exact(2).map(|pair| digit(pair[0]) << 4 | digit(pair[1])).collect()
}

/// What the cases' guests get to hear from the program; the same as in `conformance/handler.cpp`.
fn answer(
  answers: &HashMap<String, Vec<u8>>,
  operation: &str,
  payload: &[u8],
  module: &[u8],
) -> Result<Vec<u8>, Failure> {
  let own = || unsafe { &*OWN_HOST.load(Ordering::SeqCst) };
  match operation {
    "echo" => Ok(payload.to_vec()),
    "empty" => Ok(vec![]),
    "error" => Err(String::from_utf8_lossy(payload).into()),
    "throw" => panic!("{}", String::from_utf8_lossy(payload)),
    "throw_int" => std::panic::panic_any(42),
    "own_call" => match own().call("calls", &[]) {
      Ok(_) => Ok(b"ok".to_vec()),
      Err(error) => Ok(error.to_string().into_bytes()),
    },
    "own_replace" => match own().replace_module(module) {
      Ok(()) => Ok(b"ok".to_vec()),
      Err(error) => Ok(error.to_string().into_bytes()),
    },
    _ => match answers.get(operation) {
      Some(known) => Ok(known.clone()),
      None => Err(format!("no such host operation: {operation}").into()),
    },
  }
}

/// The calls that the guest has made since they were last asked for.
type Seen = Arc<Mutex<Vec<Value>>>;

fn start(request: &Value, seen: &Seen) -> Result<WapcHost, Failure> {
  let module = bytes_of(&request["guest"]);
  let answers: HashMap<String, Vec<u8>> = request["answers"]
    .as_object()
    .map(|known| known.iter().map(|(name, value)| (name.clone(), bytes_of(value))).collect())
    .unwrap_or_default();
  let mut builder = WasmtimeEngineProviderBuilder::new().module_bytes(&module);
  if let Some(bytes) = request["memory_bytes"].as_u64() {
    builder = builder.enable_resource_limits(ResourceLimits {
      max_memory_size: Some(bytes as usize),
      max_table_elements: request["table_elements"].as_u64().map(|count| count as usize),
    });
  }
  let engine = builder.build()?;
  let handler: Option<Box<wapc::HostCallback>> = if request["handler"].as_bool() == Some(true) {
    let seen = Arc::clone(seen);
    let module = module.clone();
    Some(Box::new(move |_id, binding, namespace, operation, payload| {
      seen.lock().unwrap().push(json!({
        "binding": binding, "namespace": namespace, "operation": operation,
        "payload": hex(payload)}));
      answer(&answers, operation, payload, &module)
    }))
  } else {
    None
  };
  Ok(WapcHost::new(Box::new(engine), handler)?)
}

fn serve(request: &Value, host: &mut Option<Box<WapcHost>>, seen: &Seen) -> Result<Vec<u8>, Failure> {
  match request["do"].as_str() {
    Some("start") => {
      *host = None;
      let mut started = Box::new(start(request, seen)?);
      OWN_HOST.store(&mut *started, Ordering::SeqCst);
      *host = Some(started);
      Ok(vec![])
    }
    Some("invoke") => {
      let operation = bytes_of(&request["operation"]);
      let operation = String::from_utf8_lossy(&operation);
      let running = host.as_ref().ok_or("no guest is started")?;
      Ok(running.call(&operation, &bytes_of(&request["payload"]))?)
    }
    Some("replace") => {
      let running = host.as_ref().ok_or("no guest is started")?;
      running.replace_module(&bytes_of(&request["guest"]))?;
      Ok(vec![])
    }
    _ => Err("a request of another protocol".into()),
  }
}

fn main() {
  let seen = Seen::default();
  let mut host = None;
  for line in std::io::stdin().lock().lines() {
    let request: Value = serde_json::from_str(&line.expect("text")).expect("JSON");
    let served = catch_unwind(AssertUnwindSafe(|| serve(&request, &mut host, &seen)));
    let mut reply = match served {
      Ok(Ok(bytes)) => json!({"ok": hex(&bytes)}),
      Ok(Err(error)) => json!({"error": error.to_string()}),
      Err(panic) => {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| text.to_string()));
        json!({"panic": text.unwrap_or_else(|| "of another type".to_owned())})
      }
    };
    reply["host_calls"] = std::mem::take(&mut *seen.lock().unwrap()).into();
    println!("{reply}");
    std::io::stdout().flush().expect("somebody who reads");
  }
}
