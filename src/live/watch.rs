//! What the live view remembers of one event: whether it has been announced, how many records have told of it, when it
//! was last seen to change. Kept beside the slot, in memory alone: it means nothing to another process.

/// What decides whether an event shows, and whether it stalls. In nanoseconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules {
    /// An event shows from this age on.
    pub(crate) min_age: i64,
    /// It counts as stalled when it has not changed for so long; `None`: never.
    pub(crate) stall_after: Option<i64>,
}

/// What the live view knows of an event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Watched {
    /// Version of the slot at the last look.
    version: u32,
    /// When that version was first seen; `None` while it is the one that the event started with.
    changed_at: Option<i64>,
    /// The number of the last record that told of the event; 0 = none did.
    sequence: u32,
    /// Whether it has been said that this version stalls.
    stall_told: bool,
}

/// What a look at an event that shows has found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    /// For how long it has not changed, when that is to be said.
    pub(crate) stalled: Option<i64>,
}

impl Watched {
    /// An event that has just started, with the version that its slot has.
    pub(crate) fn new(version: u32) -> Self {
        Self { version, ..Self::default() }
    }

    /// Looks at the event at `now`, by the clock that `started_at` is of; nothing when it does not show yet.
    pub(crate) fn look(&mut self, version: u32, started_at: i64, now: i64, rules: Rules) -> Option<Seen> {
        if version != self.version {
            self.version = version;
            self.changed_at = Some(now);
            self.stall_told = false;
        }
        if now.saturating_sub(started_at) < rules.min_age {
            return None;
        }
        let unchanged = now.saturating_sub(self.changed_at.unwrap_or(started_at));
        let stalls = rules.stall_after.is_some_and(|after| unchanged >= after) && !self.stall_told;
        self.stall_told |= stalls;
        Some(Seen { stalled: stalls.then_some(unchanged) })
    }

    /// Whether a record has told of the event.
    pub(crate) fn is_announced(&self) -> bool {
        self.sequence > 0
    }

    /// The number of the next record that tells of it.
    pub(crate) fn next_sequence(&mut self) -> u32 {
        self.sequence = self.sequence.saturating_add(1);
        self.sequence
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: Rules = Rules { min_age: 10, stall_after: Some(100) };

    fn shows(stalled: Option<i64>) -> Option<Seen> {
        Some(Seen { stalled })
    }

    #[test]
    fn an_event_shows_from_its_minimum_age_on() {
        let mut watched = Watched::new(7);
        assert_eq!(watched.look(7, 1000, 1009, RULES), None);
        assert_eq!(watched.look(7, 1000, 1010, RULES), shows(None));
    }

    #[test]
    fn a_stall_is_told_once_until_the_event_changes_again() {
        let mut watched = Watched::new(7);
        assert_eq!(watched.look(7, 1000, 1099, RULES), shows(None));
        assert_eq!(watched.look(7, 1000, 1100, RULES), shows(Some(100)));
        assert_eq!(watched.look(7, 1000, 1500, RULES), shows(None));
        // The change is as old as the look that saw it.
        assert_eq!(watched.look(8, 1000, 2000, RULES), shows(None));
        assert_eq!(watched.look(8, 1000, 2099, RULES), shows(None));
        assert_eq!(watched.look(8, 1000, 2150, RULES), shows(Some(150)));
        assert_eq!(watched.look(8, 1000, 9000, RULES), shows(None));
    }

    #[test]
    fn a_change_before_the_event_shows_counts_too() {
        let mut watched = Watched::new(0);
        assert_eq!(watched.look(1, 0, 5, RULES), None);
        assert_eq!(watched.look(1, 0, 104, RULES), shows(None));
        assert_eq!(watched.look(1, 0, 105, RULES), shows(Some(100)));
    }

    #[test]
    fn without_a_limit_nothing_stalls() {
        let rules = Rules { stall_after: None, ..RULES };
        assert_eq!(Watched::new(0).look(0, 0, i64::MAX, rules), shows(None));
    }

    #[test]
    fn records_are_numbered_from_one() {
        let mut watched = Watched::new(0);
        assert!(!watched.is_announced());
        assert_eq!([watched.next_sequence(), watched.next_sequence()], [1, 2]);
        assert!(watched.is_announced());
    }
}
