//! Exporters that come and go while the library runs, and what the host registers for them.

use std::sync::PoisonError;
use std::time::Duration;

use super::{Error, OtelManager, check_may_wait};
use crate::config::{Config, Environment};
use crate::export::StartError;

impl OtelManager {
    /// Adds the exporter that a document describes. Where everything is turned off nothing is looked at,
    /// and all is well.
    pub(crate) fn add_exporter(&self, json: &[u8], environment: &Environment) -> Result<(), Error> {
        self.check_running()?;
        if self.config.disabled {
            return Ok(());
        }
        let mut exporters = self.exporters.lock().unwrap_or_else(PoisonError::into_inner);
        let exporter = Config::resolve_exporter(json, environment, &exporters)
            .map_err(|error| Error::Config(error.to_string()))?;
        self.export.add(&exporter).map_err(|error| match error {
            StartError::Settings { .. } => Error::Config(error.to_string()),
            StartError::Worker(_) => Error::System(error.to_string()),
            StartError::Stopped => Error::ShutDown,
        })?;
        exporters.push(exporter);
        Ok(())
    }

    /// Takes an exporter away once it has delivered what there is, or the time is over.
    pub(crate) fn remove_exporter(&self, name: &str, timeout: Duration) -> Result<(), Error> {
        self.check_running()?;
        check_may_wait("agentotel_remove_exporter")?;
        if self.config.disabled {
            return Ok(());
        }
        let removed = self.export.remove(name, timeout);
        let mut exporters = self.exporters.lock().unwrap_or_else(PoisonError::into_inner);
        // One without lanes, for want of a signal that is exported, is there too.
        let is_bare = || self.export.lanes().iter().all(|lane| lane.exporter != name);
        let removed = match removed {
            None if is_bare() && exporters.iter().any(|exporter| exporter.name == name) => Some(Ok(())),
            removed => removed,
        };
        let removed = removed.ok_or_else(|| {
            let shown: String = name.chars().take(64).collect();
            Error::NotFound(format!("no exporter `{shown}`"))
        })?;
        exporters.retain(|exporter| exporter.name != name);
        drop(exporters);
        removed.map_err(|left| Error::Late(format!("exporter `{name}` was removed first: {left}")))
    }

    /// What it was started with, but with the exporters that are there now.
    pub(crate) fn config_now(&self) -> Config {
        let exporters = self.exporters.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Config { exporters, ..(*self.config).clone() }
    }

    /// Something was registered that lanes may wait for.
    pub(crate) fn hurry(&self) {
        self.export.hurry();
    }
}
