//! Compiles the measured agent against the public header, and the preloaded allocation counter as a shared object.

use std::error::Error;
use std::path::PathBuf;
use std::process::Command;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=native");
    println!("cargo:rerun-if-changed=../include/agentotel.h");
    cc::Build::new()
        .file("native/agent.c")
        .include("../include")
        .flag("-std=gnu11")
        .opt_level(2)
        .compile("agent");
    let counter = PathBuf::from(std::env::var("OUT_DIR")?).join("libcount_allocations.so");
    let compiler = cc::Build::new().opt_level(2).get_compiler();
    let status = Command::new(compiler.path())
        .args(["-O2", "-std=gnu11", "-fPIC", "-fno-builtin", "-shared", "-o"])
        .arg(&counter)
        .arg("native/count_allocations.c")
        .status()?;
    if !status.success() {
        return Err("native/count_allocations.c does not compile".into());
    }
    println!("cargo:rustc-env=ALLOCATION_COUNTER={}", counter.display());
    Ok(())
}
