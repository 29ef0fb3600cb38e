//! The headers that a user wants sent: fixed ones, those of a file that is read again when it changes, and those that the
//! host gives at each request, so that tokens rotate. Later ones go before earlier ones of the same name. All values are
//! secrets: none is in an error, a diagnostic or a `Debug` form.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use http::{HeaderMap, HeaderName, HeaderValue, header};
use tokio::task::JoinHandle;

use super::files::{self, LOOK_INTERVAL, Stamp};
use super::notes::Notes;
use crate::config::Headers;
use crate::export::registry::Registry;

/// Why there are no headers to send. No variant carries a value.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum HeaderError {
    #[error("header name {0:?}: expected the token of an HTTP header that the exporter does not set itself")]
    Name(String),
    #[error("value of header {0:?}: expected visible ASCII characters, spaces or tabs")]
    Value(String),
    #[error("headers_file {path:?}: {reason}")]
    File { path: PathBuf, reason: String },
    #[error("the header provider of exporter {exporter:?}: {reason}")]
    Provider { exporter: String, reason: String },
}

/// Gives headers at each request, as names and values. Called on a thread of its own, one call at a time: it may take its
/// time, within the request's deadline.
pub(crate) trait HeaderProvider: Send + Sync {
    /// The headers, or why there are none; then nothing is sent.
    fn headers(&self) -> Result<Vec<(String, String)>, String>;
}

impl<F: Fn() -> Result<Vec<(String, String)>, String> + Send + Sync> HeaderProvider for F {
    fn headers(&self) -> Result<Vec<(String, String)>, String> {
        self()
    }
}

type Provided = Result<Vec<(String, String)>, String>;

/// Where the headers of one transport come from.
pub(super) struct HeaderSource {
    exporter: String,
    fixed: HeaderMap,
    file: Option<Mutex<HeaderFile>>,
    providers: Arc<Registry<dyn HeaderProvider>>,
    /// The call under way, if any: a provider that hangs has one thread, not one for each attempt.
    call: tokio::sync::Mutex<Option<JoinHandle<Provided>>>,
    notes: Notes,
}

impl HeaderSource {
    /// Checks the fixed headers; reads no file.
    pub(super) fn new(
        exporter: &str,
        fixed: &Headers,
        file: Option<&Path>,
        providers: Arc<Registry<dyn HeaderProvider>>,
        notes: Notes,
    ) -> Result<Self, HeaderError> {
        let mut map = HeaderMap::with_capacity(fixed.len());
        for (name, value) in fixed.iter() {
            insert(&mut map, name, value.expose())?;
        }
        let file = file.map(|path| Mutex::new(HeaderFile::new(path)));
        let call = tokio::sync::Mutex::default();
        Ok(Self { exporter: exporter.to_owned(), fixed: map, file, providers, call, notes })
    }

    /// Has a host's function give more headers.
    #[cfg(test)]
    pub(super) fn provided_by(&self, provider: Arc<dyn HeaderProvider>) {
        self.providers.set(&self.exporter, provider, Arc::new(|| {}));
    }

    /// Whether requests carry something that a listener must not learn.
    pub(super) fn has_secrets(&self) -> bool {
        !self.fixed.is_empty() || self.file.is_some()
    }

    /// What to send now.
    pub(super) async fn current(&self) -> Result<HeaderMap, HeaderError> {
        let mut headers = self.fixed.clone();
        if let Some(file) = &self.file {
            let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
            extend(&mut headers, file.current(&self.notes)?);
        }
        let Some(provider) = self.providers.get(&self.exporter) else {
            return Ok(headers);
        };
        let refused = |reason: String| HeaderError::Provider { exporter: self.exporter.clone(), reason };
        // One that is taken away before its turn comes gives none.
        let provided_by =
            move || provider.call(|provider| provider.headers()).unwrap_or_else(|| Ok(Vec::new()));
        let mut call = self.call.lock().await;
        let running = call.get_or_insert_with(|| tokio::task::spawn_blocking(provided_by));
        let provided = running.await;
        *call = None;
        let provided = provided.map_err(|_| refused("it has failed".to_owned()))?.map_err(refused)?;
        for (name, value) in &provided {
            insert(&mut headers, name, value)?;
        }
        Ok(headers)
    }
}

/// Sets headers in place of those of the same names.
fn extend(headers: &mut HeaderMap, more: &HeaderMap) {
    for (name, value) in more {
        headers.insert(name.clone(), value.clone());
    }
}

fn insert(headers: &mut HeaderMap, name: &str, value: &str) -> Result<(), HeaderError> {
    let parsed = HeaderName::from_bytes(name.as_bytes()).ok().filter(|name| !is_ours(name));
    let parsed = parsed.ok_or_else(|| HeaderError::Name(name.to_owned()))?;
    let mut value = HeaderValue::from_str(value).map_err(|_| HeaderError::Value(name.to_owned()))?;
    value.set_sensitive(true);
    headers.insert(parsed, value);
    Ok(())
}

/// What the exporter says itself about each request and a user's header may not contradict.
fn is_ours(name: &HeaderName) -> bool {
    let reserved = [
        header::CONNECTION,
        header::CONTENT_TYPE,
        header::CONTENT_ENCODING,
        header::CONTENT_LENGTH,
        header::HOST,
        header::TE,
        header::TRANSFER_ENCODING,
        header::UPGRADE,
    ];
    reserved.contains(name) || ["grpc-timeout", "grpc-encoding"].contains(&name.as_str())
}

/// A file of headers: one `name: value` on a line; empty lines and those that begin with `#` are passed over.
struct HeaderFile {
    path: PathBuf,
    stamp: Option<Stamp>,
    looked: Option<Instant>,
    read: Option<HeaderMap>,
}

impl HeaderFile {
    fn new(path: &Path) -> Self {
        Self { path: path.to_owned(), stamp: None, looked: None, read: None }
    }

    /// The headers in it. When it cannot be read any more, what was read before stays, and that is said.
    fn current(&mut self, notes: &Notes) -> Result<&HeaderMap, HeaderError> {
        let now = Instant::now();
        let is_fresh = self.looked.is_some_and(|looked| now.duration_since(looked) < LOOK_INTERVAL);
        if !(is_fresh && self.read.is_some()) {
            self.looked = Some(now);
            let stamp = Stamp::of(&self.path);
            if self.read.is_none() || self.stamp != Some(stamp) {
                self.stamp = Some(stamp);
                match (self.load(), &self.read) {
                    (Ok(headers), _) => {
                        notes.settled();
                        self.read = Some(headers);
                    }
                    (Err(error), Some(_)) => {
                        notes.say_once(&format!("{error}; what was read before stays in use"));
                    }
                    (Err(error), None) => return Err(error),
                }
            }
        }
        let unread = || HeaderError::File { path: self.path.clone(), reason: "not read".to_owned() };
        self.read.as_ref().ok_or_else(unread)
    }

    fn load(&self) -> Result<HeaderMap, HeaderError> {
        let refused = |reason: String| HeaderError::File { path: self.path.clone(), reason };
        let text = files::read(&self.path).map_err(|error| refused(error.to_string()))?;
        let text = String::from_utf8(text).map_err(|_| refused("not valid UTF-8".to_owned()))?;
        let mut headers = HeaderMap::new();
        for (index, line) in text.lines().map(str::trim).enumerate() {
            let number = index + 1;
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let pair = line
                .split_once(':')
                .ok_or_else(|| refused(format!("line {number}: expected `name: value`")))?;
            // A name that is none may be part of a secret: the line's number has to do.
            insert(&mut headers, pair.0.trim(), pair.1.trim())
                .map_err(|_| refused(format!("line {number}: not a header that can be sent")))?;
        }
        Ok(headers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Level;
    use crate::diagnostics::Diagnostics;

    fn notes() -> (Notes, Arc<Diagnostics>) {
        let diagnostics = Arc::new(Diagnostics::new(Level::Warn));
        (Notes::new("a", &diagnostics), diagnostics)
    }

    /// Forgets when it last looked.
    fn look_again(file: &mut HeaderFile) {
        file.looked = None;
    }

    #[test]
    fn a_file_is_read_again_when_it_has_changed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("headers");
        let (notes, diagnostics) = notes();
        let mut file = HeaderFile::new(&path);
        let error = file.current(&notes).unwrap_err().to_string();
        assert!(error.starts_with("headers_file ") && error.contains("No such file"), "{error}");
        std::fs::write(&path, "# a comment\n\n Authorization : Bearer one\nx-tenant: 7\n").unwrap();
        let headers = file.current(&notes).unwrap();
        assert_eq!((headers.len(), headers["authorization"].to_str().unwrap()), (2, "Bearer one"));
        assert!(!format!("{headers:?}").contains("one"));
        std::fs::write(&path, "authorization: Bearer second").unwrap();
        look_again(&mut file);
        assert_eq!(file.current(&notes).unwrap()["authorization"], "Bearer second");
        for broken in ["no header, hunter2", "hunter2 hunter2: x", "content-type: hunter2", "x: hunter2\u{1}"]
        {
            std::fs::write(&path, broken).unwrap();
            look_again(&mut file);
            assert_eq!(
                file.current(&notes).unwrap()["authorization"],
                "Bearer second",
                "the last good one stays"
            );
        }
        let said = diagnostics.text();
        assert!(
            said.contains("line 1") && said.contains("stays in use") && !said.contains("hunter2"),
            "{said}"
        );
    }

    #[test]
    fn later_sources_go_before_earlier_ones() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("headers");
        std::fs::write(&path, "b: file\nc: file").unwrap();
        let mut fixed = Headers::default();
        for name in ["a", "b", "c"] {
            fixed.set(name, "fixed").unwrap();
        }
        let providers = Arc::<Registry<dyn HeaderProvider>>::default();
        let source = HeaderSource::new("x", &fixed, Some(&path), Arc::clone(&providers), notes().0).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let current = || {
            let headers = runtime.block_on(source.current())?;
            Ok::<_, HeaderError>(["a", "b", "c"].map(|name| headers[name].to_str().unwrap().to_owned()))
        };
        assert_eq!(current().unwrap(), ["fixed", "file", "file"]);
        let given: Arc<dyn HeaderProvider> = Arc::new(|| Ok(vec![("C".to_owned(), "host".to_owned())]));
        providers.set("x", given, Arc::new(|| {}));
        assert_eq!(current().unwrap(), ["fixed", "file", "host"]);
        providers.set("x", Arc::new(|| Err("no token".to_owned())), Arc::new(|| {}));
        assert_eq!(current().unwrap_err().to_string(), "the header provider of exporter \"x\": no token");
        providers.set("x", Arc::new(|| panic!("a fault")), Arc::new(|| {}));
        assert!(current().unwrap_err().to_string().ends_with("it has failed"));
        providers.set("x", Arc::new(|| Ok(vec![("x".to_owned(), "hunter2\n".to_owned())])), Arc::new(|| {}));
        let error = current().unwrap_err().to_string();
        assert!(error.starts_with("value of header \"x\"") && !error.contains("hunter2"), "{error}");
        providers.forget("x");
        assert_eq!(current().unwrap(), ["fixed", "file", "file"]);
    }

    #[test]
    fn a_provider_that_hangs_has_one_thread() {
        use std::sync::atomic::{AtomicU32, Ordering};
        use std::time::Duration;
        let calls = Arc::new(AtomicU32::new(0));
        let providers = Arc::<Registry<dyn HeaderProvider>>::default();
        let (counted, (release, held)) = (Arc::clone(&calls), std::sync::mpsc::channel::<()>());
        let held = Mutex::new(held);
        let hanging = move || {
            counted.fetch_add(1, Ordering::SeqCst);
            let _ = held.lock().unwrap().recv();
            Ok(Vec::new())
        };
        providers.set("x", Arc::new(hanging), Arc::new(|| {}));
        let source = HeaderSource::new("x", &Headers::default(), None, providers, notes().0).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            for _ in 0..5 {
                let within = tokio::time::timeout(Duration::from_millis(20), source.current()).await;
                assert!(within.is_err(), "it cannot have ended");
            }
            drop(release);
            assert_eq!(source.current().await, Ok(HeaderMap::new()));
        });
        assert_eq!(calls.load(Ordering::SeqCst), 1);
    }
}
