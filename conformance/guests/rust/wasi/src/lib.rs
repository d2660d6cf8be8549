//! A guest made with the newest release of the public SDK for Rust, and the standard library on WASI: a
//! reactor, as libc looks for the directories it was given in `_initialize`.

use std::time::{Duration, SystemTime, UNIX_EPOCH};
use std::{env, fs, process, str, thread};

use wapc_guest::prelude::*;

#[no_mangle]
pub extern "C" fn wapc_init() {
    register_function("echo", echo);
    register_function("wapc:sample!Hello", hello);
    register_function("fail", fail);
    register_function("host", host);
    register_function("log", log);
    register_function("panic", panic);
    register_function("print", print);
    register_function("print-error", print_error);
    register_function("read", read);
    register_function("write", write);
    register_function("list", list);
    register_function("env", variable);
    register_function("args", arguments);
    register_function("time", time);
    register_function("sleep", sleep);
    register_function("random", random);
    register_function("exit", exit);
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

fn print(payload: &[u8]) -> CallResult {
    println!("{}", str::from_utf8(payload)?);
    Ok(vec![])
}

fn print_error(payload: &[u8]) -> CallResult {
    eprintln!("{}", str::from_utf8(payload)?);
    Ok(vec![])
}

fn read(payload: &[u8]) -> CallResult {
    Ok(fs::read(str::from_utf8(payload)?)?)
}

fn write(payload: &[u8]) -> CallResult {
    let (path, text) = str::from_utf8(payload)?.split_once('\n').ok_or("no path")?;
    fs::write(path, text)?;
    Ok(vec![])
}

fn list(payload: &[u8]) -> CallResult {
    let mut names = fs::read_dir(str::from_utf8(payload)?)?
        .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
        .collect::<std::io::Result<Vec<_>>>()?;
    names.sort();
    Ok(lines(names))
}

fn variable(payload: &[u8]) -> CallResult {
    Ok(env::var(str::from_utf8(payload)?)?.into())
}

fn arguments(_: &[u8]) -> CallResult {
    Ok(lines(env::args()))
}

fn time(_: &[u8]) -> CallResult {
    let since = SystemTime::now().duration_since(UNIX_EPOCH)?;
    Ok(since.as_secs().to_string().into())
}

fn sleep(payload: &[u8]) -> CallResult {
    thread::sleep(Duration::from_millis(str::from_utf8(payload)?.parse()?));
    Ok(vec![])
}

fn random(_: &[u8]) -> CallResult {
    // The standard library has no stable function for it, its libc has.
    extern "C" {
        fn getentropy(buffer: *mut u8, length: usize) -> i32;
    }
    let mut bytes = vec![0; 16];
    // SAFETY: the buffer is that long, and getentropy keeps no pointer to it.
    if unsafe { getentropy(bytes.as_mut_ptr(), bytes.len()) } != 0 {
        return Err(std::io::Error::last_os_error().into());
    }
    Ok(bytes)
}

fn exit(payload: &[u8]) -> CallResult {
    process::exit(str::from_utf8(payload)?.parse()?)
}

fn lines(texts: impl IntoIterator<Item = String>) -> Vec<u8> {
    texts
        .into_iter()
        .map(|text| text + "\n")
        .collect::<String>()
        .into()
}
