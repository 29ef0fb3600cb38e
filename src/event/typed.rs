//! Events with a typed detail that are plain otherwise: what the detail says is encoded as it is told, by the same table that
//! makes attributes of it, and the free attributes behind it.

use super::content::ContentPolicy;
use super::costs::{Cost, CostSource};
use super::data::Detail;
use super::fields::Sink;
use super::semconv::metrics::{Role, role};
use super::semconv::{self, Inherited, Phase};
use crate::otlp::draft::{Draft, PlainAttributes};
use crate::otlp::key::Key;
use crate::otlp::value::Value;

/// What a detail says, and what stands beside it.
pub(crate) struct TypedAttributes<'a, A> {
    pub(super) detail: Detail<'a>,
    pub(super) cost: Option<Cost>,
    pub(super) price_version: &'a [u8],
    pub(super) inherited: Inherited<'a>,
    pub(super) policy: &'a ContentPolicy,
    pub(super) free: &'a A,
}

/// A draft that attributes are told to.
struct Told<'d, 'b, 'k> {
    draft: &'d mut Draft<'b, 'k>,
    are_plain: bool,
}

impl<'a> Sink<'a> for Told<'_, '_, '_> {
    #[inline(always)]
    fn add(&mut self, key: &'static Key, value: Value<'a>) {
        self.are_plain = self.are_plain && self.draft.known(key, value);
    }
}

/// A draft that is told what metrics are made of alone.
struct Measured<'d, 'b, 'k> {
    draft: &'d mut Draft<'b, 'k>,
    are_plain: bool,
}

impl<'a> Sink<'a> for Measured<'_, '_, '_> {
    #[inline(always)]
    fn add(&mut self, key: &'static Key, value: Value<'a>) {
        if role(key.text()) != Role::None {
            self.are_plain = self.are_plain && self.draft.known(key, value);
        }
    }
}

impl<A> TypedAttributes<'_, A> {
    /// Encodes what metrics are made of, of the detail; false when not all of it is plain.
    pub(crate) fn encode_measured(&self, draft: &mut Draft<'_, '_>) -> bool {
        let mut told = Measured { draft, are_plain: true };
        if let Some(cost) = self.cost.filter(|cost| cost.source != CostSource::Provider) {
            semconv::cost(&mut told, cost, self.price_version);
        }
        semconv::typed(&mut told, &self.detail, self.inherited, Phase::Whole, self.policy);
        told.are_plain
    }
}

impl<A: PlainAttributes> PlainAttributes for TypedAttributes<'_, A> {
    fn encode(&self, draft: &mut Draft<'_, '_>) -> bool {
        let mut told = Told { draft, are_plain: true };
        if let Some(cost) = self.cost.filter(|cost| cost.source != CostSource::Provider) {
            semconv::cost(&mut told, cost, self.price_version);
        }
        semconv::typed(&mut told, &self.detail, self.inherited, Phase::Whole, self.policy);
        told.are_plain && self.free.encode(draft)
    }
}
