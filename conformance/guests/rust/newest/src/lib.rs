//! A guest made with the newest release of the public SDK for Rust. It needs no WASI: panics trap.

use std::str;

use wapc_guest::prelude::*;

#[no_mangle]
pub extern "C" fn wapc_init() {
    register_function("echo", echo);
    register_function("wapc:sample!Hello", hello);
    register_function("fail", fail);
    register_function("host", host);
    register_function("log", log);
    register_function("panic", panic);
}

fn echo(payload: &[u8]) -> CallResult {
    Ok(payload.to_vec())
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

fn host(payload: &[u8]) -> CallResult {
    host_call("conformance", "guest", "relay", payload)
}

fn log(payload: &[u8]) -> CallResult {
    console_log(str::from_utf8(payload)?);
    Ok(vec![])
}

fn panic(payload: &[u8]) -> CallResult {
    panic!("{}", String::from_utf8_lossy(payload));
}
