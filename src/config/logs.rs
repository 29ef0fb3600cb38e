//! The keys of `logs`: as they are written, and settled.

use serde::Deserialize;

use super::Logs;
use super::value::words;
use crate::otlp::log::Severity;

words!(Severity {
    TRACE => "trace",
    TRACE2 => "trace2",
    TRACE3 => "trace3",
    TRACE4 => "trace4",
    DEBUG => "debug",
    DEBUG2 => "debug2",
    DEBUG3 => "debug3",
    DEBUG4 => "debug4",
    INFO => "info",
    INFO2 => "info2",
    INFO3 => "info3",
    INFO4 => "info4",
    WARN => "warn",
    WARN2 => "warn2",
    WARN3 => "warn3",
    WARN4 => "warn4",
    ERROR => "error",
    ERROR2 => "error2",
    ERROR3 => "error3",
    ERROR4 => "error4",
    FATAL => "fatal",
    FATAL2 => "fatal2",
    FATAL3 => "fatal3",
    FATAL4 => "fatal4",
});

/// The program's log records (`agentotel_log`).
#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub(super) struct LogsKeys {
    /// Log records that are less severe are not recorded; those that say no severity are. The records that errors leave do
    /// not go by it.
    pub(super) min_severity: Severity,
}

impl Default for LogsKeys {
    fn default() -> Self {
        Self { min_severity: Severity::TRACE }
    }
}

pub(super) fn settle(keys: &LogsKeys) -> Logs {
    Logs { min_severity: keys.min_severity }
}
