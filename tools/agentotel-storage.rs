//! Looks into a storage directory, and sends what dead processes have left there.
//!
//! ```text
//! agentotel-storage list DIRECTORY      what is there; changes nothing
//! agentotel-storage send CONFIG.json    takes over what is there and sends it, by that configuration's exporters
//! ```

use std::ffi::CString;
use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use agentotel::abi::lifecycle::{agentotel_init, agentotel_last_error, agentotel_shutdown};
use agentotel::abi::stats::agentotel_get_storage_stats;
use agentotel::abi::types::{AGENTOTEL_ABI_VERSION, agentotel_storage_stats};
use agentotel::inspection::{self, Listing, Owner};

const USAGE: &str = "usage: agentotel-storage list DIRECTORY | send CONFIG.json";
/// Between two looks at how far it has come.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// When for so long nothing was left to take over, all is done.
const QUIET: Duration = Duration::from_secs(1);
/// Nothing moves for so long: the exporters cannot send.
const MOST_WAIT: Duration = Duration::from_secs(60);
const SHUTDOWN_MS: u32 = 10_000;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let outcome = match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["list", directory] => list(Path::new(directory)),
        ["send", config] => send(Path::new(config)),
        _ => Err(USAGE.to_owned()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "{error}");
            ExitCode::FAILURE
        }
    }
}

fn list(directory: &Path) -> Result<(), String> {
    let listings =
        inspection::list(directory).map_err(|error| format!("{}: {error}", directory.display()))?;
    let mut out = std::io::stdout().lock();
    let mut show = |line: String| writeln!(out, "{line}").map_err(|error| error.to_string());
    for listing in &listings {
        show(line(listing))?;
    }
    show(format!("{} processes", listings.len()))
}

fn line(listing: &Listing) -> String {
    let owner = match listing.owner {
        Owner::Alive => "alive",
        Owner::Dead => "dead",
        Owner::Quarantined => "put aside",
        Owner::Unfinished => "unfinished",
    };
    let sum = |part: fn(&inspection::Segment) -> u64| -> u64 { listing.segments.iter().map(part).sum() };
    let mut line = format!(
        "{}/{}  {owner}  {}  {} spans, {} logs, {} of them errors, in {} segments of {} bytes",
        listing.namespace,
        listing.name,
        listing.service.as_deref().unwrap_or("(nothing recorded)"),
        sum(|segment| segment.spans),
        sum(|segment| segment.logs),
        sum(|segment| segment.errors),
        listing.segments.len(),
        sum(|segment| segment.bytes),
    );
    for (count, what) in [
        (listing.corrupt, "with a damaged header"),
        (listing.foreign, "of another format"),
        (listing.refused, "not opened"),
    ] {
        if count > 0 {
            line += &format!("; {count} files {what}");
        }
    }
    line
}

fn last_error() -> String {
    let mut buffer = vec![0u8; 4096];
    let mut needed = 0;
    // SAFETY: the buffer is as long as said, and `needed` is valid.
    unsafe { agentotel_last_error(buffer.as_mut_ptr().cast(), buffer.len(), &raw mut needed) };
    let length = needed.saturating_sub(1).min(buffer.len());
    String::from_utf8_lossy(buffer.get(..length).unwrap_or_default()).into_owned()
}

fn stats() -> Option<agentotel_storage_stats> {
    let mut stats = std::mem::MaybeUninit::<agentotel_storage_stats>::zeroed();
    // SAFETY: the struct begins with its size, which is written before it is used; all-zero bytes are a valid value.
    unsafe {
        (*stats.as_mut_ptr()).struct_size = size_of::<agentotel_storage_stats>();
        (agentotel_get_storage_stats(stats.as_mut_ptr()) == 0).then(|| stats.assume_init())
    }
}

fn send(config: &Path) -> Result<(), String> {
    let text = std::fs::read(config).map_err(|error| format!("{}: {error}", config.display()))?;
    let text = CString::new(text).map_err(|_| format!("{} holds a NUL", config.display()))?;
    // SAFETY: a text that ends with a NUL.
    if unsafe { agentotel_init(AGENTOTEL_ABI_VERSION, text.as_ptr()) } != 0 {
        return Err(last_error());
    }
    let mut quiet_since = Instant::now();
    let mut moved_at = Instant::now();
    let mut before = (0, 0);
    let sent = loop {
        std::thread::sleep(LOOK_EVERY);
        let stats = stats().ok_or_else(last_error)?;
        let ended = stats.finished + stats.expired + stats.quarantined;
        if (ended, stats.recovered) != before {
            before = (ended, stats.recovered);
            moved_at = Instant::now();
        }
        if stats.adopted > stats.finished {
            quiet_since = Instant::now();
        }
        if quiet_since.elapsed() >= QUIET || moved_at.elapsed() >= MOST_WAIT {
            break stats;
        }
    };
    let status = agentotel_shutdown(SHUTDOWN_MS);
    let words = format!(
        "{} records of {} processes; {} given up for their age, {} put aside, {} records missing",
        sent.recovered, sent.finished, sent.expired, sent.quarantined, sent.missing
    );
    writeln!(std::io::stdout(), "{words}").map_err(|error| error.to_string())?;
    if status != 0 {
        return Err(last_error());
    }
    if sent.adopted > sent.finished {
        return Err("something could not be sent and is left where it was".to_owned());
    }
    Ok(())
}
