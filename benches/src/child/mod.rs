//! What runs in a process of its own, so that CPU time, memory and allocations are one side's alone. A child gets
//! `key=value` arguments and prints its figures as one JSON object.

pub mod caller;
pub mod deliver;
pub mod idle;
pub mod live;
pub mod logs;
pub mod metrics;
pub mod outage;
pub mod recovery;
pub mod redaction;
pub mod steady;
pub mod threads;

use std::collections::BTreeMap;
use std::fmt::Display;
use std::str::FromStr;

use crate::Fallible;

/// `key=value` arguments.
pub struct Arguments(BTreeMap<String, String>);

impl Arguments {
    pub fn parse(arguments: impl Iterator<Item = String>) -> Fallible<Self> {
        let mut parsed = BTreeMap::new();
        for argument in arguments {
            let (key, value) =
                argument.split_once('=').ok_or_else(|| format!("{argument:?} is not key=value"))?;
            parsed.insert(key.to_owned(), value.to_owned());
        }
        Ok(Self(parsed))
    }

    pub fn text(&self, key: &str) -> Fallible<&str> {
        let value = self.0.get(key).map(String::as_str);
        value.ok_or_else(|| format!("{key}=… is missing").into())
    }

    pub fn number<T: FromStr<Err: Display>>(&self, key: &str) -> Fallible<T> {
        let value = self.text(key)?;
        value.parse().map_err(|error| format!("{key}={value}: {error}").into())
    }
}

/// Named numbers.
#[derive(Debug, Default)]
pub struct Figures(pub BTreeMap<String, f64>);

impl Figures {
    pub fn parse(json: &str) -> Fallible<Self> {
        Ok(Self(serde_json::from_str(json)?))
    }

    pub fn set(&mut self, name: impl Into<String>, value: f64) {
        self.0.insert(name.into(), value);
    }

    pub fn get(&self, name: &str) -> Fallible<f64> {
        let value = self.0.get(name).copied();
        value.ok_or_else(|| format!("the figure {name} was not measured").into())
    }

    pub fn print(&self) -> Fallible<()> {
        println!("{}", serde_json::to_string(&self.0)?);
        Ok(())
    }
}

/// A figure of a count; exact up to 2^53, which nothing here comes near to.
#[allow(clippy::cast_precision_loss)]
pub fn float(count: u64) -> f64 {
    count as f64
}

/// Which side a child plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Ours,
    Sdk,
}

impl FromStr for Side {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        match word {
            "ours" => Ok(Self::Ours),
            "sdk" => Ok(Self::Sdk),
            _ => Err("accepted: ours, sdk".to_owned()),
        }
    }
}

/// How spans are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    HttpProtobuf,
    HttpJson,
    Grpc,
}

impl Protocol {
    /// Its name in configuration.
    pub fn word(self) -> &'static str {
        match self {
            Self::HttpProtobuf => "http/protobuf",
            Self::HttpJson => "http/json",
            Self::Grpc => "grpc",
        }
    }

    /// Its name in figures.
    pub fn figure(self) -> &'static str {
        match self {
            Self::HttpProtobuf => "http_protobuf",
            Self::HttpJson => "http_json",
            Self::Grpc => "grpc",
        }
    }
}

impl FromStr for Protocol {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        let known = [Self::HttpProtobuf, Self::HttpJson, Self::Grpc];
        let found = known.into_iter().find(|protocol| protocol.word() == word);
        found.ok_or_else(|| "accepted: http/protobuf, http/json, grpc".to_owned())
    }
}
