//! A session's baggage, and what of it is copied to its spans.

use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use super::Session;
use crate::event::inject::Inject;
use crate::propagation::baggage::Baggage;

/// Baggage with the attributes that are made of it, encoded as fields of a span.
#[derive(Default)]
pub(crate) struct SessionBaggage {
    pub(crate) baggage: Baggage,
    pub(crate) copied: Box<[u8]>,
    inject: Option<Arc<Inject>>,
}

impl SessionBaggage {
    fn copy(&mut self) {
        if let Some(inject) = &self.inject {
            self.copied = inject.copied(&self.baggage);
        }
    }
}

impl Session {
    /// With what came along when it started.
    pub(crate) fn with_baggage(mut self, baggage: Baggage, inject: Option<&Arc<Inject>>) -> Self {
        let mut all = SessionBaggage { baggage, copied: Box::default(), inject: inject.cloned() };
        all.copy();
        self.baggage = RwLock::new(all);
        self
    }

    pub(crate) fn baggage(&self) -> RwLockReadGuard<'_, SessionBaggage> {
        self.baggage.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the baggage; spans that are recorded or started from now on have what is copied of it.
    pub(crate) fn change_baggage<T>(&self, change: impl FnOnce(&mut Baggage) -> T) -> T {
        let mut all = self.baggage.write().unwrap_or_else(PoisonError::into_inner);
        let answer = change(&mut all.baggage);
        all.copy();
        answer
    }
}
