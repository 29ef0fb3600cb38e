//! What the configuration promises, by subject. The environment is made up in all tests but one.

mod environment;
mod errors;
mod exporters;
mod precedence;
mod processing;
mod resource;
mod secrets;

use super::{Config, ConfigError, Environment, ExporterKind, Otlp, Resolved};

fn environment(pairs: &[(&str, &str)]) -> Environment {
    Environment::from_pairs(pairs.iter().copied(), false)
}

fn resolve(json: &str, pairs: &[(&str, &str)]) -> Resolved {
    Config::resolve(Some(json.as_bytes()), &environment(pairs)).unwrap()
}

/// Resolves what must not give a warning.
fn config(json: &str, pairs: &[(&str, &str)]) -> Config {
    let resolved = resolve(json, pairs);
    assert_eq!(resolved.warnings, Vec::<String>::new(), "{pairs:?}");
    resolved.config
}

fn defaults() -> Config {
    Config::resolve(None, &Environment::default()).unwrap().config
}

fn error(json: &str) -> ConfigError {
    match Config::resolve(Some(json.as_bytes()), &Environment::default()) {
        Ok(resolved) => panic!("accepted: {json}: {resolved:?}"),
        Err(error) => error,
    }
}

fn otlp(config: &Config, index: usize) -> &Otlp {
    match &config.exporters[index].kind {
        ExporterKind::Otlp(otlp) => otlp,
        other => panic!("{other:?}"),
    }
}
