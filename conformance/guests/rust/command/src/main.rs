//! A program for WASI in Rust with its standard library; knows nothing of waPC.

use std::io::{self, BufRead};
use std::{env, fs, process};

fn main() -> io::Result<()> {
    let arguments: Vec<String> = env::args().collect();
    println!("arguments: {}", arguments.join(" "));
    println!(
        "GREETING: {}",
        env::var("GREETING").unwrap_or("not set".into())
    );
    for path in &arguments[1..] {
        match fs::read_to_string(path) {
            Ok(text) => print!("{path}: {text}"),
            Err(error) => println!("{path}: {error}"),
        }
    }
    for line in io::stdin().lock().lines() {
        println!("> {}", line?);
    }
    eprintln!("that is all");
    process::exit(7);
}
