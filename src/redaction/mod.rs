//! Redaction: what must not leave the process is found in texts and replaced, before anything is queued or stored. Rules are
//! regular expressions of the configuration, `detectors` those that come with the library; all of them are of the kind
//! that is matched in linear time. `json` reaches the texts inside a JSON document as they are after unescaping, and
//! shortens a document so that it stays one. Knows texts alone, not what they belong to.

mod card;
mod detectors;
pub(crate) mod json;
#[cfg(test)]
mod tests;

use bumpalo::Bump;
use regex::bytes::{Regex, RegexBuilder, RegexSet, RegexSetBuilder};

use self::detectors::Check;
pub use self::detectors::Finder;

/// Most bytes of a compiled rule, and of the automaton that matching it builds up.
const MOST_RULE_BYTES: usize = 2 << 20;
/// The same for the question whether any of the rules matches.
const MOST_SET_BYTES: usize = 16 << 20;
/// A text may grow by so many times itself and so many bytes. A replacement that lets it grow more has failed.
const MOST_GROWTH: (usize, usize) = (4, 1 << 16);
/// Most rules of the configuration.
pub(crate) const MOST_RULES: usize = 64;
/// So deep are JSON documents in texts of JSON documents followed.
const MOST_NESTED: usize = 4;

/// A rule as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleText {
    pub pattern: String,
    pub replace: String,
}

/// What is wrong with a rule: it does not quote the pattern, which may be a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RuleError {
    Pattern {
        rule: usize,
        reason: String,
    },
    Replace {
        rule: usize,
        group: String,
    },
    /// All rules together are too large.
    Together,
}

/// What has become of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Redacted<'a> {
    /// Nothing was found.
    Unchanged,
    /// What was found is replaced.
    Changed(&'a [u8]),
    /// It could not be redacted: nothing of it may be kept.
    Failed,
}

/// A replacement has become too large.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct TooLarge;

struct Rule {
    pattern: Regex,
    replace: String,
    /// Whether the replacement names groups.
    expands: bool,
    /// What of a match is to be replaced, when it is not all.
    check: Option<Check>,
}

/// All rules, ready to be applied.
pub(crate) struct Redaction {
    any: RegexSet,
    rules: Vec<Rule>,
    /// Whether a rule may match a text that stands alone and not where it stands in a document.
    has_anchors: bool,
}

impl std::fmt::Debug for Redaction {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{} rules", self.rules.len())
    }
}

/// The reason in an error of the regex crate, without the pattern that it quotes.
fn reason(error: &regex::Error) -> String {
    match error {
        regex::Error::CompiledTooBig(most) => format!("it takes more than {most} bytes when compiled"),
        other => {
            let said = other.to_string();
            let last = said.lines().last().unwrap_or_default();
            last.trim().strip_prefix("error: ").unwrap_or("it is no regular expression").to_owned()
        }
    }
}

/// The groups that a replacement names, as the regex crate reads it.
fn groups(replace: &str) -> impl Iterator<Item = &str> {
    let mut rest = replace;
    std::iter::from_fn(move || {
        loop {
            rest = rest.get(rest.find('$')? + 1..)?;
            if let Some(after) = rest.strip_prefix('$') {
                rest = after;
            } else if let Some((name, after)) =
                rest.strip_prefix('{').and_then(|braced| braced.split_once('}'))
            {
                rest = after;
                return Some(name);
            } else {
                let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
                let end = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
                let (name, after) = rest.split_at(end);
                rest = after;
                if !name.is_empty() {
                    return Some(name);
                }
            }
        }
    })
}

fn compile(pattern: &str) -> Result<Regex, regex::Error> {
    RegexBuilder::new(pattern).size_limit(MOST_RULE_BYTES).dfa_size_limit(MOST_RULE_BYTES).build()
}

impl Rule {
    fn of_text(position: usize, text: &RuleText) -> Result<Self, RuleError> {
        let wrong = |reason| RuleError::Pattern { rule: position, reason };
        let pattern = compile(&text.pattern).map_err(|error| wrong(reason(&error)))?;
        if pattern.is_match(b"") {
            return Err(wrong("it matches the empty text".to_owned()));
        }
        let is_group = |name: &str| match name.parse::<usize>() {
            Ok(number) => number < pattern.captures_len(),
            Err(_) => pattern.capture_names().flatten().any(|group| group == name),
        };
        if let Some(group) = groups(&text.replace).find(|group| !is_group(group)) {
            return Err(RuleError::Replace { rule: position, group: group.to_owned() });
        }
        let expands = text.replace.contains('$');
        Ok(Self { pattern, replace: text.replace.clone(), expands, check: None })
    }

    /// The text with every match replaced; nothing when there is none.
    fn apply(&self, text: &[u8], most: usize) -> Result<Option<Vec<u8>>, TooLarge> {
        let mut replaced: Option<Vec<u8>> = None;
        let (mut copied, mut from) = (0, 0);
        while let Some(found) = self.pattern.find_at(text, from) {
            let range = match self.check {
                None => Some(found.range()),
                Some(check) => check(text, found.range()),
            };
            // An empty match says nothing of the text.
            from = found.end().max(found.start() + 1);
            if let Some(range) = range.filter(|range| !range.is_empty()) {
                from = range.end;
                let out = replaced.get_or_insert_default();
                out.extend_from_slice(text.get(copied..range.start).unwrap_or_default());
                copied = range.end;
                match self.expands.then(|| self.pattern.captures_at(text, range.start)).flatten() {
                    Some(groups) => groups.expand(self.replace.as_bytes(), out),
                    None => out.extend_from_slice(self.replace.as_bytes()),
                }
                if out.len() > most {
                    return Err(TooLarge);
                }
            }
            if from > text.len() {
                break;
            }
        }
        if let Some(out) = &mut replaced {
            out.extend_from_slice(text.get(copied..).unwrap_or_default());
        }
        Ok(replaced)
    }
}

impl Redaction {
    /// Compiles rules and finders. The rules go first, in their order. Nothing when there are none.
    pub(crate) fn new(finders: &[Finder], rules: &[RuleText]) -> Result<Option<Self>, RuleError> {
        let texts = rules.iter().enumerate().map(|(position, text)| Rule::of_text(position, text));
        let mut all = texts.collect::<Result<Vec<_>, _>>()?;
        for finder in Finder::ALL.into_iter().filter(|finder| finders.contains(finder)) {
            for pattern in finder.patterns() {
                let pattern = compile(pattern).map_err(|_| RuleError::Together)?;
                let replace = finder.replacement().to_owned();
                all.push(Rule { pattern, replace, expands: false, check: finder.check() });
            }
        }
        if all.is_empty() {
            return Ok(None);
        }
        let any = RegexSetBuilder::new(all.iter().map(|rule| rule.pattern.as_str()))
            .size_limit(MOST_SET_BYTES)
            .dfa_size_limit(MOST_SET_BYTES)
            .build()
            .map_err(|_| RuleError::Together)?;
        let has_anchor =
            |rule: &RuleText| ["^", "$", r"\A", r"\z"].iter().any(|anchor| rule.pattern.contains(anchor));
        Ok(Some(Self { any, rules: all, has_anchors: rules.iter().any(has_anchor) }))
    }

    /// A text that is no document.
    fn plain<'a>(&self, arena: &'a Bump, text: &[u8]) -> Redacted<'a> {
        if !self.any.is_match(text) {
            return Redacted::Unchanged;
        }
        let (times, more) = MOST_GROWTH;
        let most = text.len().saturating_mul(times).saturating_add(more);
        let mut changed: Option<Vec<u8>> = None;
        for rule in &self.rules {
            match rule.apply(changed.as_deref().unwrap_or(text), most) {
                Ok(None) => {}
                Ok(next) => changed = next,
                Err(TooLarge) => return Redacted::Failed,
            }
        }
        changed.map_or(Redacted::Unchanged, |text| Redacted::Changed(arena.alloc_slice_copy(&text)))
    }

    /// A text. One that is a JSON object, array or string is redacted in the texts that it says, and stays one.
    pub(crate) fn text<'a>(&self, arena: &'a Bump, text: &[u8]) -> Redacted<'a> {
        self.nested(arena, text, 0)
    }

    fn nested<'a>(&self, arena: &'a Bump, text: &[u8], depth: usize) -> Redacted<'a> {
        let escapes = memchr::memchr(b'\\', text).is_some();
        let looks_like_json =
            matches!(text.trim_ascii_start().first(), Some(b'{' | b'[' | b'"')) && depth < MOST_NESTED;
        // What is in a document without escapes stands in it as it is.
        let is_looked_into = escapes || looks_like_json && self.has_anchors;
        if !is_looked_into && !self.any.is_match(text) {
            return Redacted::Unchanged;
        }
        if looks_like_json && let Some(text) = json::valid(arena, text) {
            return self.document(arena, text, depth);
        }
        match self.plain(arena, text) {
            Redacted::Unchanged if escapes => {}
            done => return done,
        }
        // A piece of a document: what its escapes say is looked at as well.
        match std::str::from_utf8(text).map(|text| json::unescaped(arena, text)) {
            Ok(unescaped) => self.plain(arena, unescaped),
            Err(_) => Redacted::Unchanged,
        }
    }

    /// A valid document.
    fn document<'a>(&self, arena: &'a Bump, text: &str, depth: usize) -> Redacted<'a> {
        let mut failed = false;
        let changed =
            json::rewritten(arena, text, |value| match self.nested(arena, value.as_bytes(), depth + 1) {
                Redacted::Unchanged => None,
                Redacted::Changed(text) => Some(String::from_utf8_lossy(text)),
                Redacted::Failed => {
                    failed = true;
                    Some("".into())
                }
            });
        match changed {
            _ if failed => Redacted::Failed,
            None => Redacted::Unchanged,
            Some(text) => Redacted::Changed(text),
        }
    }

    /// A text of our own.
    pub(crate) fn owned(&self, text: &str) -> Option<String> {
        match self.text(&Bump::new(), text.as_bytes()) {
            Redacted::Unchanged => None,
            Redacted::Changed(changed) => Some(String::from_utf8_lossy(changed).into_owned()),
            Redacted::Failed => Some(String::new()),
        }
    }
}
