//! Events with a typed detail: encoded as they are told, they come out like the same events read with care; and no two of
//! their attributes have the same key.

use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};

use super::*;
use crate::config::{ContentConfig, ContentMode};
use crate::event::content::{Content, ContentPolicy};
use crate::event::costs::{Cost, CostSource, Prices};
use crate::event::data::{Detail, EventKind, Field, FieldValue, Fields, Holds};
use crate::event::semconv::{self, Inherited, Phase};

/// Things by chance.
struct Chance<'a> {
    arena: &'a Bump,
    random: SmallRng,
}

impl<'a> Chance<'a> {
    fn below(&mut self, limit: u64) -> u64 {
        self.random.next_u64() % limit
    }

    /// A text of a length around the borders of the encoder, seldom one that is not UTF-8.
    fn text(&mut self) -> &'a [u8] {
        let length = match self.below(8) {
            0 => self.below(4),
            1 => 60 + self.below(70),
            2 => 120 + self.below(20),
            _ => self.below(40),
        };
        let text = self.arena.alloc_slice_fill_with(length as usize, |at| b'a' + (at % 26) as u8);
        if let (0, Some(last)) = (self.below(60), text.last_mut()) {
            *last = 0xff;
        }
        text
    }

    fn number(&mut self) -> i64 {
        let bits = self.below(65);
        self.random.next_u64().checked_shr(bits as u32).unwrap_or(0).cast_signed()
    }

    fn value(&mut self, field: &Field) -> FieldValue<'a> {
        match field.holds {
            Holds::Text => FieldValue::Text(self.text()),
            Holds::Texts => {
                let count = self.below(5) as usize;
                let texts: Vec<_> = (0..count).map(|_| self.text()).collect();
                FieldValue::Texts(self.arena.alloc_slice_copy(&texts))
            }
            Holds::Int => FieldValue::Int(self.number()),
            Holds::Double => FieldValue::Double(self.number() as f64 / 7.0),
            Holds::Truth => FieldValue::Truth(self.below(2) == 0),
            Holds::Flag => FieldValue::Truth(true),
            Holds::Counting => FieldValue::Number(1 + self.below(3) as u32),
            Holds::Choice(words) => FieldValue::Number(1 + self.below(words.most().into()) as u32),
            Holds::Content(_) => FieldValue::Content(Content::new(self.text())),
        }
    }

    /// A detail with every `chance`-th of its fields.
    fn detail(&mut self, kind: EventKind, chance: u64) -> Detail<'a> {
        let values: Vec<_> =
            kind.fields().iter().map(|field| (self.below(chance) == 0).then(|| self.value(field))).collect();
        Detail::new(kind, Fields::of(self.arena, kind.fields(), values.into_iter()))
    }
}

fn kinds() -> impl Iterator<Item = EventKind> {
    (1..=EventKind::MOST).filter_map(EventKind::from_number)
}

/// Encodes an event as it is told and decodes it again; nothing when it is not plain.
fn as_told(arena: &Bump, detail: Detail<'_>, free: &[Attribute<'_>]) -> Option<Span> {
    let processor = EventProcessor::new(LIMITS);
    let session = session();
    let attributes = processor.typed_attributes(&session, detail, None, &free);
    let event = PlainEvent {
        name: semconv::span_name(arena, &detail, Phase::Whole),
        parent: Target::Root,
        span_kind: SpanKind::Client,
        times: GivenTimes { start: 1, end: 2, duration: 0 },
        status: StatusCode::Unset,
        attributes: (),
    };
    let (mut clock, mut repairs) = (ThreadClock::new(), Repairs::default());
    let span = processor.plain(&session, [9; 8], PARENT.into(), &event, &mut clock, &mut repairs)?;
    let mut place = vec![0; 8192];
    let written = write_in_place(&mut place, &mut KeyMarks::new(), &attributes, &span)?;
    let mut decoded = ScopeSpans::decode(&place[..written]).unwrap();
    assert_eq!(decoded.spans.len(), 1);
    decoded.spans.pop()
}

/// The same event, read with care.
fn with_care(detail: Detail<'_>, free: &[Attribute<'_>]) -> (Span, Repairs) {
    let data = EventData {
        detail,
        times: GivenTimes { start: 1, end: 2, duration: 0 },
        span_kind: Some(SpanKind::Client),
        attributes: Attributes::of(free),
        ..EventData::default()
    };
    let (mut span, repairs) = through_the_journal(&data, LIMITS);
    // The session's own is the last of a plain event.
    span.attributes.rotate_left(1);
    (span, repairs)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn a_typed_event_is_the_same_either_way(
        seed: u64,
        number in 1..=EventKind::MOST,
        free in prop::collection::vec((key(), value()), 0..6),
        clash in prop::option::of(Just(b"server.address".to_vec())),
    ) {
        let kind = EventKind::from_number(number).unwrap();
        prop_assume!(!kind.is_judgement());
        let arena = Bump::new();
        let mut chance = Chance { arena: &arena, random: SmallRng::seed_from_u64(seed) };
        let fraction = 1 + chance.below(4);
        let detail = chance.detail(kind, fraction);
        // What a failed call of a tool says makes it no plain event.
        prop_assume!(semconv::own_error(&detail).is_none());
        let free: Pairs = free.into_iter().chain(clash.map(|key| (key, Owned::Int(1)))).collect();
        let free = borrow(&arena, &free);
        if let Some(told) = as_told(&arena, detail, free) {
            let (careful, repairs) = with_care(detail, free);
            prop_assert_eq!((repairs.utf8, repairs.truncated, repairs.dropped_attributes), (0, 0, 0));
            prop_assert_eq!(told, careful);
        }
    }
}

#[test]
fn what_is_told_in_short_texts_is_plain_in_every_kind() {
    let arena = Bump::new();
    for kind in kinds().filter(|kind| !kind.is_judgement()) {
        let value = |field: &Field| match field.holds {
            Holds::Text => Some(FieldValue::Text(b"a text")),
            Holds::Texts => Some(FieldValue::Texts(&[b"stop", b"", b"l\xc3\xa4nge"])),
            Holds::Int => Some(FieldValue::Int(443)),
            Holds::Double => Some(FieldValue::Double(0.5)),
            Holds::Choice(_) => Some(FieldValue::Number(1)),
            _ => None,
        };
        let fields = Fields::of(&arena, kind.fields(), kind.fields().iter().map(value));
        let detail = Detail::new(kind, fields);
        let free = [Attribute::new("agent.step", Value::Text(b"third"))];
        let told = as_told(&arena, detail, &free);
        // The code of a message's answer is an error.
        if semconv::own_error(&detail).is_none() {
            assert_eq!(told, Some(with_care(detail, &free).0), "{kind:?}");
        }
        assert!(told.is_some(), "{kind:?}");
        let clash = [Attribute::new(semconv::SESSION_ID, Value::Text(b"x"))];
        assert!(as_told(&arena, detail, &clash).is_none(), "{kind:?}");
        for (field, _) in fields.iter().filter(|(field, _)| !field.key.is_none()) {
            let clash = [Attribute { key: field.key.text(), value: Value::Text(b"x") }];
            assert!(as_told(&arena, detail, &clash).is_none(), "{}", field.path);
        }
    }
}

#[test]
fn whole_numbers_of_every_size_are_told() {
    let arena = Bump::new();
    let fields = EventKind::Llm.fields();
    for bits in 0..64 {
        for number in [1_i64 << bits, (1_i64 << bits).wrapping_sub(1), (1_i64 << bits).wrapping_neg()] {
            let given = [("max_tokens", FieldValue::Int(number)), ("seed", FieldValue::Int(1))];
            let detail = Detail::new(EventKind::Llm, Fields::called(&arena, fields, &given));
            assert_eq!(as_told(&arena, detail, &[]), Some(with_care(detail, &[]).0), "{number}");
        }
    }
}

/// Every key that a kind's events can have stands for one thing: those that are told need not be compared.
#[test]
fn no_two_typed_attributes_have_the_same_key() {
    let arena = Bump::new();
    let all = ContentConfig { default: ContentMode::Full, ..ContentConfig::default() };
    let policy = ContentPolicy::new(&all, None);
    let prices = Prices::default();
    for (kind, seed) in kinds().flat_map(|kind| (0..50).map(move |seed| (kind, seed))) {
        let mut chance = Chance { arena: &arena, random: SmallRng::seed_from_u64(seed) };
        let detail = chance.detail(kind, 1);
        let mut attributes = bumpalo::collections::Vec::new_in(&arena);
        let inherited = Inherited { provider: b"a", conversation_id: b"b" };
        semconv::typed(&mut attributes, &detail, inherited, Phase::Whole, &policy);
        let said_cost = attributes.iter().any(|attribute| attribute.key == semconv::COST.as_bytes());
        if !said_cost {
            let cost = Cost { micro_units: 1, source: CostSource::Computed };
            semconv::cost(&mut attributes, cost, prices.version());
        }
        let keys: HashSet<_> = attributes.iter().map(|attribute| attribute.key).collect();
        assert_eq!(keys.len(), attributes.len(), "{kind:?}: {attributes:?}");
        assert!(!keys.contains(semconv::SESSION_ID.as_bytes()), "{kind:?}");
        assert!(attributes.len() <= semconv::MOST_TYPED + 4, "{kind:?}: {}", attributes.len());
    }
}
