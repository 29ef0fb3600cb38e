//! Generates `include/agentotel.h` from `src/abi/` (touching it only when its content differs, and never in a packaged
//! build) and gives the shared library its SONAME and `-z nodelete`.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::{env, fs};

/// What the header is made of, in its order.
const SOURCES: &[&str] = &[
    "status",
    "types/values",
    "types/session",
    "types/kinds",
    "types/model",
    "types/agent",
    "types/mcp",
    "types/step",
    "types/judgement",
    "types/event",
    "types/log",
    "types/metric",
    "types/stats",
    "lifecycle",
    "session",
    "event",
    "event_json",
    "log",
    "metric",
    "propagation",
    "baggage",
    "stats",
    "exporter",
    "callback",
    "provider",
    "sampler",
    "injector",
    "diagnostics",
];

fn main() -> Result<(), Box<dyn Error>> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    let major = env::var("CARGO_PKG_VERSION_MAJOR")?;
    println!("cargo:rustc-cdylib-link-arg=-Wl,-soname,libagentotel.so.{major}");
    // Rust's thread-local destructors must not outlive the code they run: the library is never unloaded.
    println!("cargo:rustc-cdylib-link-arg=-Wl,-z,nodelete,-z,relro,-z,now");
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=cbindgen.toml");
    for source in SOURCES {
        println!("cargo:rerun-if-changed=src/abi/{source}.rs");
    }
    // A packaged crate carries the header; only a checkout makes it.
    if root.join(".git").exists() && !root.join(".cargo_vcs_info.json").exists() {
        generate(&root, &root.join("include/agentotel.h"))?;
    }
    Ok(())
}

fn generate(root: &Path, header: &Path) -> Result<(), Box<dyn Error>> {
    let config = cbindgen::Config::from_file(root.join("cbindgen.toml"))?;
    let mut builder = cbindgen::Builder::new().with_config(config);
    for source in SOURCES {
        builder = builder.with_src(root.join(format!("src/abi/{source}.rs")));
    }
    let mut text = Vec::new();
    builder.generate()?.write(&mut text);
    if fs::read(header).ok().as_deref() != Some(text.as_slice()) {
        fs::create_dir_all(root.join("include"))?;
        fs::write(header, text)?;
    }
    Ok(())
}
