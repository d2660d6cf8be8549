//! A guest made with release 0.3.1 of the public SDK for Rust, of 2020: one function for all operations,
//! and no `wapc_init`. Its SDK logs every error before it answers with it.

use std::str;

use wapc_guest::{console_log, prelude::*};

wapc_handler!(handle);

fn handle(operation: &str, payload: &[u8]) -> CallResult {
    match operation {
        "echo" => Ok(payload.to_vec()),
        "wapc:sample!Hello" => hello(payload),
        "fail" => fail(payload),
        "host" => Ok(host_call("conformance", "guest", "relay", payload)?),
        "log" => log(payload),
        "panic" => panic!("{}", String::from_utf8_lossy(payload)),
        _ => Err(format!("No handler registered for function {operation}").into()),
    }
}

fn hello(payload: &[u8]) -> CallResult {
    host_call("myBinding", "wapc:sample", "Ping", payload)
        .map_err(|error| format!("host call failed: {error}"))?;
    Ok(b"hello world!".to_vec())
}

fn fail(payload: &[u8]) -> CallResult {
    if payload.is_empty() {
        return Err("failed on purpose".into());
    }
    Err(str::from_utf8(payload)?.into())
}

fn log(payload: &[u8]) -> CallResult {
    console_log(str::from_utf8(payload)?);
    Ok(vec![])
}
