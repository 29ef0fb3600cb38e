//! `tracestate` of W3C Trace Context, level 2 (section 3.3): what vendors along the way have noted. It is passed on as it is
//! or, when it breaks the rules, not at all; the trace goes on in either case. Written here and not taken from the SDK, whose
//! reading lets repeated keys, control characters and empty values pass and refuses system ids of 14 characters.

use std::collections::HashSet;

/// The name under which carriers have it.
pub(crate) const NAME: &str = "tracestate";
/// Most members of a list (section 3.3.1.1).
const MOST_MEMBERS: usize = 32;
/// Characters that are passed on: what section 3.3.1.5 asks for at least.
pub(crate) const MOST_CHARACTERS: usize = 512;
/// Members longer than this go first when the list is too long (section 3.3.1.5).
const LARGE_MEMBER: usize = 128;
const MOST_KEY: usize = 256;
const MOST_VALUE: usize = 256;
/// Characters of a key with a tenant, before and behind the `@`.
const MOST_TENANT: usize = 241;
const MOST_SYSTEM: usize = 14;

/// The list without optional white space; empty when it is not valid. One that is too long loses its large members, from the
/// last on, and then any.
pub(crate) fn normalised(text: &str) -> String {
    match members(text) {
        Some(members) => fitting(members).join(","),
        None => String::new(),
    }
}

/// The members of a valid list.
fn members(text: &str) -> Option<Vec<&str>> {
    let (mut members, mut keys) = (Vec::new(), HashSet::new());
    for member in text.split(',').map(super::trimmed).filter(|member| !member.is_empty()) {
        let (key, value) = member.split_once('=')?;
        if members.len() == MOST_MEMBERS || !is_key(key) || !is_value(value) || !keys.insert(key) {
            return None;
        }
        members.push(member);
    }
    Some(members)
}

fn is_key(key: &str) -> bool {
    let is_rest = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-*/".contains(&byte);
    let is_part = |part: &str, most: usize, may_begin: fn(&u8) -> bool| {
        part.as_bytes().first().is_some_and(may_begin) && part.len() <= most && part.bytes().all(is_rest)
    };
    let letter_or_digit = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    match key.split_once('@') {
        None => is_part(key, MOST_KEY, letter_or_digit),
        Some((tenant, system)) => {
            is_part(tenant, MOST_TENANT, letter_or_digit)
                && is_part(system, MOST_SYSTEM, u8::is_ascii_lowercase)
        }
    }
}

/// Printable ASCII but `,` and `=`. Spaces at the end were white space around the member.
fn is_value(value: &str) -> bool {
    let is_allowed = |byte: u8| matches!(byte, 0x20..=0x7e) && byte != b',' && byte != b'=';
    !value.is_empty() && value.len() <= MOST_VALUE && value.bytes().all(is_allowed)
}

fn fitting(mut members: Vec<&str>) -> Vec<&str> {
    let length = |members: &[&str]| members.iter().map(|member| member.len() + 1).sum::<usize>();
    while length(&members) > MOST_CHARACTERS + 1 {
        let large = members.iter().rposition(|member| member.len() > LARGE_MEMBER);
        members.remove(large.unwrap_or(members.len() - 1));
    }
    members
}
