//! What stands in a storage directory, told without a running library and without changing anything: which processes
//! have left something, whether they live, how many records of which signal are there. What sends it is a library that is
//! started with the directory, as always.

use std::io;
use std::path::Path;

use opentelemetry_proto::tonic::common::v1::any_value;
use opentelemetry_proto::tonic::trace::v1::ResourceSpans;
use prost::Message;

use crate::journal::incarnation::{Standing, born, standing};
use crate::journal::recovery::Looked;
use crate::otlp::Signal;
use crate::sys::directory::Directory;

/// How the process of a directory fares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    Alive,
    Dead,
    /// Dead, and put aside since whoever read what it left died.
    Quarantined,
    /// The directory is being made.
    Unfinished,
}

/// One segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    pub shard: u32,
    pub serial: u64,
    pub bytes: u64,
    /// Records that are whole, settled or not.
    pub spans: u64,
    pub logs: u64,
    pub metrics: u64,
    /// Those of them that tell of errors.
    pub errors: u64,
}

/// What one process has left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    pub namespace: String,
    pub name: String,
    pub owner: Owner,
    /// Nanoseconds since 1970.
    pub born: Option<i64>,
    /// `service.name` and `service.instance.id` of its resource.
    pub service: Option<String>,
    pub instance: Option<String>,
    pub segments: Vec<Segment>,
    /// Files whose header is damaged, that have another format, and that were not opened.
    pub corrupt: u64,
    pub foreign: u64,
    pub refused: u64,
}

/// A text attribute of an encoded resource.
fn attribute(resource: &[u8], key: &str) -> Option<String> {
    let decoded = ResourceSpans::decode(resource).ok()?;
    let attribute = decoded.resource?.attributes.into_iter().find(|attribute| attribute.key == key)?;
    match attribute.value?.value? {
        any_value::Value::StringValue(text) => Some(text),
        _ => None,
    }
}

/// Lists what is in a storage directory, by namespace, oldest process first.
///
/// # Errors
/// When the directory cannot be opened, is not the effective user's alone, or a file in it cannot be read.
pub fn list(directory: &Path) -> io::Result<Vec<Listing>> {
    let base = Directory::open_base(directory)?;
    let mut listings = Vec::new();
    for namespace_name in base.names()? {
        let Ok(namespace) = base.open(&namespace_name) else { continue };
        for name in namespace.names()? {
            if let Ok(directory) = namespace.open(&name) {
                listings.push(listing(&namespace_name, name, &directory)?);
            }
        }
    }
    Ok(listings)
}

fn listing(namespace: &str, name: String, directory: &Directory) -> io::Result<Listing> {
    let looked = Looked::open(directory)?;
    let frames = |frames: &[u64; 3], signal: Signal| frames.get(signal.index()).copied().unwrap_or(0);
    let segments = looked.count()?.into_iter().map(|segment| Segment {
        shard: segment.shard,
        serial: segment.serial,
        bytes: segment.bytes,
        spans: frames(&segment.frames, Signal::Traces),
        logs: frames(&segment.frames, Signal::Logs),
        metrics: frames(&segment.frames, Signal::Metrics),
        errors: segment.errors,
    });
    let text = |key| looked.resource().and_then(|resource| attribute(resource, key));
    Ok(Listing {
        namespace: namespace.to_owned(),
        owner: match standing(&name, directory) {
            Standing::Alive => Owner::Alive,
            Standing::Dead => Owner::Dead,
            Standing::Quarantined => Owner::Quarantined,
            Standing::Unfinished => Owner::Unfinished,
        },
        born: born(&name),
        service: text("service.name"),
        instance: text("service.instance.id"),
        segments: segments.collect(),
        corrupt: looked.findings.corrupt,
        foreign: looked.findings.foreign,
        refused: looked.findings.refused,
        name,
    })
}
