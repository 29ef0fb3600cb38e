//! How a batch is written into a file, and how the torn end of a file is found: lines of OTLP/JSON, or OTLP in protobuf
//! behind its length in four bytes, the most significant first. Both are what the Collector's file exporter writes.

use rustix::fs::ftruncate;
use rustix::io::{Errno, pread, write};

use super::Failure;
use super::place::Active;
use crate::config::FileFormat;
use crate::export::outcome::Batch;

/// The largest request (64 MiB): no length is larger.
const LONGEST_MESSAGE: u64 = 64 * 1024 * 1024;

/// How far back the start of a torn line is looked for: the largest request, three times as long in JSON.
const LONGEST_LINE: u64 = 3 * LONGEST_MESSAGE;

/// How every line of ours begins.
const LINE_STARTS: [&[u8]; 2] = [b"{\"resourceSpans\":", b"{\"resourceLogs\":"];

const LENGTH_BYTES: usize = 4;
/// What the first byte of a length is at most; no text begins so.
const MOST_FIRST_BYTE: u64 = LONGEST_MESSAGE >> 24;
/// The tag of field 1, a message: how every export request begins, whatever the signal.
const REQUEST_STARTS: u8 = 0x0a;

/// What is appended in one piece.
pub(super) struct Record(pub(super) Vec<u8>);

impl FileFormat {
    /// What a file of this format is made of, in words.
    pub(super) fn content(self) -> &'static str {
        match self {
            FileFormat::OtlpJson => "lines of text",
            FileFormat::OtlpProto => "OTLP requests behind their lengths",
        }
    }
}

impl Record {
    /// OTLP in protobuf behind its length.
    pub(super) fn message(batch: &Batch) -> Record {
        let length = u32::try_from(batch.body.len()).unwrap_or(u32::MAX);
        let mut record = Vec::with_capacity(LENGTH_BYTES + batch.body.len());
        record.extend_from_slice(&length.to_be_bytes());
        record.extend_from_slice(&batch.body);
        Record(record)
    }

    pub(super) fn bytes(&self) -> u64 {
        u64::try_from(self.0.len()).unwrap_or(u64::MAX)
    }

    pub(super) fn write(&self, file: &Active) -> Result<(), Errno> {
        write_all(file, &self.0)
    }
}

fn write_all(file: &Active, mut bytes: &[u8]) -> Result<(), Errno> {
    while !bytes.is_empty() {
        match write(file, bytes) {
            Ok(0) => return Err(Errno::IO),
            Ok(written) => bytes = bytes.get(written..).unwrap_or_default(),
            Err(Errno::INTR) => {}
            Err(errno) => return Err(errno),
        }
    }
    Ok(())
}

/// Makes a file of `end` bytes, whole up to `known`, end with a whole record, and says where. The torn end of a record of
/// ours goes: its batch was never acknowledged. Text of somebody else's is kept, on a line of its own; what is
/// no file of this format is left alone.
pub(super) fn mend(format: FileFormat, file: &Active, known: u64, end: u64) -> Result<u64, Failure> {
    if known == end {
        return Ok(end);
    }
    match format {
        FileFormat::OtlpJson => mend_lines(file, end),
        FileFormat::OtlpProto => mend_messages(file, if known < end { known } else { 0 }, end),
    }
}

fn mend_messages(file: &Active, known: u64, end: u64) -> Result<u64, Failure> {
    let mut whole = known;
    while whole < end {
        let mut head = [0; LENGTH_BYTES + 1];
        let read = pread(file, &mut head, whole)?;
        let [first, second, third, fourth, start] = head;
        let length = u64::from(u32::from_be_bytes([first, second, third, fourth]));
        if (read >= LENGTH_BYTES && length > LONGEST_MESSAGE)
            || (read > LENGTH_BYTES && length > 0 && start != REQUEST_STARTS)
            || (read < LENGTH_BYTES && u64::from(first) > MOST_FIRST_BYTE)
        {
            return Err(Failure::Content(FileFormat::OtlpProto));
        }
        let next = whole + LENGTH_BYTES as u64 + length;
        if read < LENGTH_BYTES || next > end {
            ftruncate(file, whole)?;
            return Ok(whole);
        }
        whole = next;
    }
    Ok(whole)
}

fn mend_lines(file: &Active, end: u64) -> Result<u64, Failure> {
    let mut head = [0; 17];
    let first = pread(file, &mut head[..1], 0)?;
    if first > 0 && u64::from(head[0]) <= MOST_FIRST_BYTE {
        return Err(Failure::Content(FileFormat::OtlpJson));
    }
    let torn = torn_start(file, end)?;
    if torn == end {
        return Ok(end);
    }
    let read = pread(file, &mut head, torn)?;
    let head = head.get(..read).unwrap_or_default();
    if LINE_STARTS.iter().any(|start| start.starts_with(head) || head.starts_with(start)) {
        ftruncate(file, torn)?;
        return Ok(torn);
    }
    write_all(file, b"\n")?;
    Ok(end + 1)
}

/// Where the text after the last newline begins; `end` when there is none.
fn torn_start(file: &Active, end: u64) -> Result<u64, Errno> {
    let mut block = [0; 64 * 1024];
    let floor = end.saturating_sub(LONGEST_LINE);
    let mut upper = end;
    // The first look is at the last byte alone: it is nearly always the newline.
    let mut length = 1;
    while upper > floor {
        let lower = upper.saturating_sub(length).max(floor);
        let wanted = usize::try_from(upper - lower).unwrap_or(block.len()).min(block.len());
        let Some(part) = block.get_mut(..wanted) else {
            break;
        };
        let read = pread(file, &mut *part, lower)?;
        if read < wanted {
            return Err(Errno::IO);
        }
        if let Some(newline) = part.iter().rposition(|byte| *byte == b'\n') {
            return Ok(lower + u64::try_from(newline).unwrap_or(0) + 1);
        }
        upper = lower;
        length = 64 * 1024;
    }
    Ok(floor)
}
