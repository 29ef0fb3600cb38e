//! What calls do with contexts: pass one on, take one in, and keep the baggage that goes along with a session.

use bumpalo::Bump;

use super::{Caller, Error, OtelManager};
use crate::event::data::Target;
use crate::otlp::value::{Attribute, Value};
use crate::propagation::baggage::{self, Baggage, Entry, Refused};
use crate::propagation::{self, Carrier, Propagated};
use crate::session::Session;

/// What a carrier could not do.
fn carrier_failed(why: String) -> Error {
    Error::InvalidArgument(format!("carrier: {why}"))
}

fn refused(refused: Refused, key: &str) -> Error {
    let shown: String = key.chars().take(64).collect();
    let argument = |why: &str| Error::InvalidArgument(format!("baggage key {shown:?}: {why}"));
    match refused {
        Refused::Key => argument("expected a token of HTTP: letters, digits, and !#$%&'*+-.^_`|~"),
        Refused::Metadata => argument("its metadata is no list of properties such as `ttl=30;public`"),
        Refused::Entries => {
            let most = baggage::MOST_ENTRIES;
            Error::TooLarge { what: "the number of baggage entries", given: most + 1, most }
        }
        Refused::Bytes { needed } => Error::TooLarge {
            what: "the baggage as a header, in bytes,",
            given: needed,
            most: baggage::MOST_BYTES,
        },
    }
}

impl OtelManager {
    /// What is passed on for a span of a session; without a session for an event of any, or for a context alone.
    fn propagated(&self, caller: &mut Caller, session: u64, target: &Target) -> Result<Propagated, Error> {
        self.check_running()?;
        let session = match (session, target) {
            (0, Target::Root) => {
                return Err(Error::InvalidArgument("session is 0, and target names no span".to_owned()));
            }
            (0, Target::Context(context)) if !context.is_valid() => {
                return Err(Error::InvalidArgument(
                    "target is a context with an id that is all zero".to_owned(),
                ));
            }
            (0, Target::Context(context)) => {
                return Ok(Propagated { span: Some(*context), ..Propagated::default() });
            }
            (0, Target::Event(event)) => self.session_of_event(*event)?,
            (session, _) => session,
        };
        let found = self.session_of(&mut caller.sessions, session)?;
        let span = self.resolve(found, session, target, "target")?.span;
        Ok(Propagated {
            span: Some(span),
            trace_state: String::from_utf8_lossy(&found.trace_state).into_owned(),
            baggage: found.baggage().baggage.clone(),
        })
    }

    /// Writes the context of a span in the formats of the configuration.
    pub(crate) fn inject(
        &self,
        caller: &mut Caller,
        session: u64,
        target: &Target,
        carrier: &mut dyn Carrier,
    ) -> Result<(), Error> {
        let what = self.propagated(caller, session, target)?;
        propagation::inject(&self.config.propagators, &what, carrier).map_err(carrier_failed)
    }

    /// The same in the formats of the W3C.
    pub(crate) fn inject_w3c(
        &self,
        caller: &mut Caller,
        session: u64,
        target: &Target,
        carrier: &mut dyn Carrier,
    ) -> Result<(), Error> {
        let what = self.propagated(caller, session, target)?;
        propagation::inject(&propagation::W3C, &what, carrier).map_err(carrier_failed)
    }

    /// Reads what came along in the formats of the configuration.
    pub(crate) fn extract(&self, carrier: &dyn Carrier) -> Result<Propagated, Error> {
        self.check_running()?;
        propagation::extract(&self.config.propagators, carrier).map_err(carrier_failed)
    }

    fn with_session<T>(
        &self,
        caller: &mut Caller,
        session: u64,
        run: impl FnOnce(&Session) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.check_running()?;
        run(self.session_of(&mut caller.sessions, session)?)
    }

    /// Adds an entry to a session's baggage, in place of the one with that key.
    pub(crate) fn set_baggage(
        &self,
        caller: &mut Caller,
        arena: &Bump,
        session: u64,
        [key, value, metadata]: [&str; 3],
    ) -> Result<(), Error> {
        self.with_session(caller, session, |session| {
            session
                .change_baggage(|baggage| baggage.set(key, value, metadata))
                .map_err(|why| refused(why, key))
        })?;
        if !self.processor.inject().is_some_and(|inject| inject.copies(key)) {
            return Ok(());
        }
        // The root span has the last value, whenever it was set.
        let copied = [Attribute { key: key.as_bytes(), value: Value::Text(value.as_bytes()) }];
        self.set_session_attributes(self.shard_of(caller), arena, session, &copied)
    }

    /// Takes an entry out of a session's baggage.
    pub(crate) fn remove_baggage(&self, caller: &mut Caller, session: u64, key: &str) -> Result<(), Error> {
        let is_removed =
            self.with_session(caller, session, |session| Ok(session.change_baggage(|all| all.remove(key))))?;
        if is_removed { Ok(()) } else { Err(not_there(key)) }
    }

    /// An entry of a session's baggage.
    pub(crate) fn baggage_entry(&self, caller: &mut Caller, session: u64, key: &str) -> Result<Entry, Error> {
        let found =
            self.with_session(caller, session, |session| Ok(session.baggage().baggage.get(key).cloned()))?;
        found.ok_or_else(|| not_there(key))
    }

    /// All of a session's baggage.
    pub(crate) fn baggage(&self, caller: &mut Caller, session: u64) -> Result<Baggage, Error> {
        self.with_session(caller, session, |session| Ok(session.baggage().baggage.clone()))
    }
}

fn not_there(key: &str) -> Error {
    let shown: String = key.chars().take(64).collect();
    Error::NotFound(format!("the session's baggage has no entry {shown:?}"))
}
