//! Starts children of this program and reads their figures. The environment's OpenTelemetry and proxy variables are
//! kept from them: both sides run with the settings given here.

use std::process::{Command, Stdio};

use crate::Fallible;
use crate::child::Figures;

/// A child of that mode with these `key=value` arguments, not started yet.
pub fn child(mode: &str, arguments: &[(&str, &str)]) -> Fallible<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg(mode);
    for (key, value) in arguments {
        command.arg(format!("{key}={value}"));
    }
    shelter(&mut command);
    Ok(command)
}

/// Keeps variables that change what is measured from a command.
pub fn shelter(command: &mut Command) {
    for (key, _) in std::env::vars_os() {
        let name = key.to_string_lossy().to_ascii_uppercase();
        let concerns = name.starts_with("OTEL_") || name.starts_with("AGENTOTEL_");
        if concerns || name.ends_with("_PROXY") || name.starts_with("MALLOC_") {
            command.env_remove(&key);
        }
    }
    command.stdin(Stdio::null());
}

/// Runs a child to its end.
pub fn run(command: &mut Command) -> Fallible<Figures> {
    let output = command.output()?;
    if !output.status.success() {
        let words = String::from_utf8_lossy(&output.stderr);
        return Err(format!("{command:?}: {}: {}", output.status, words.trim()).into());
    }
    Figures::parse(String::from_utf8_lossy(&output.stdout).trim())
}
