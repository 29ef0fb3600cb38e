//! What a transport says in the diagnostics: about files and callbacks, whose trouble need not be that of any one batch.
//! Each trouble is said when it begins, not at every attempt.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use crate::config::Level;
use crate::diagnostics::Diagnostics;
use crate::export::printable::{MESSAGE_BYTES, printable};

#[derive(Clone)]
pub(crate) struct Notes {
    exporter: String,
    diagnostics: Arc<Diagnostics>,
    last: Arc<Mutex<String>>,
}

impl Notes {
    pub(crate) fn new(exporter: &str, diagnostics: &Arc<Diagnostics>) -> Self {
        Self { exporter: exporter.to_owned(), diagnostics: Arc::clone(diagnostics), last: Arc::default() }
    }

    /// Says a trouble, unless it was the last one that was said.
    pub(crate) fn say_once(&self, what: &str) {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if *last != what {
            what.clone_into(&mut last);
            let what = printable(what, MESSAGE_BYTES);
            self.diagnostics.say(Level::Warn, &format!("exporter `{}`: {what}", self.exporter));
        }
    }

    /// The trouble is over: should it come back, it is said again.
    pub(crate) fn settled(&self) {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

impl fmt::Debug for Notes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Notes").field("exporter", &self.exporter).finish_non_exhaustive()
    }
}
