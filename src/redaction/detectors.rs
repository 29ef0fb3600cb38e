//! What can be found without being described: e-mail addresses, numbers of payment cards, IP addresses, keys and tokens. Each
//! has patterns, and some a look at what the patterns have found.

use std::net::Ipv6Addr;
use std::ops::Range;

use super::card;

/// Says what of a match is meant, nothing if nothing is: by the text and the match.
pub(super) type Check = fn(&[u8], Range<usize>) -> Option<Range<usize>>;

/// Something that can be found in texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finder {
    ApiKeys,
    Email,
    Card,
    Ipv4,
    Ipv6,
}

/// A local part and a domain with a dot (RFC 5321 and, for what is beyond ASCII, RFC 6531), quoted local parts left aside.
/// The domain may be written in brackets.
const EMAIL: &[&str] = &[
    r"(?-u)[A-Za-z0-9.!#$%&'*+/=?^_`{|}~\x80-\xff-]+(?:@|%40)(?:[A-Za-z0-9\x80-\xff-]+\.)+[A-Za-z\x80-\xff][A-Za-z0-9\x80-\xff-]+",
];

/// Digits with single separators between them, any number of them.
const CARD: &[&str] = &[r"(?-u)[0-9](?:[ .-]?[0-9]){12,}"];

/// Four numbers from 0 to 255 (RFC 791).
const IPV4: &[&str] = &[
    r"(?-u)(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])(?:\.(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])){3}",
];

/// Groups with two or more colons (RFC 4291).
const IPV6: &[&str] = &[r"(?-u)[0-9A-Fa-f]{0,4}:[0-9A-Fa-f]{0,4}:[0-9A-Fa-f:.]*"];

/// Keys and tokens by the prefixes that their issuers give them, so that they can be found.
const API_KEYS: &[&str] = &[
    // OpenAI, Anthropic, OpenRouter and those who follow them; Stripe; LangSmith, Perplexity, Groq, xAI, Replicate, Fireworks.
    r"(?-u)\b(?:sk|pk|rk)[-_][A-Za-z0-9_-]{16,}",
    r"(?-u)\b(?:lsv2_|pplx-|gsk_|xai-|r8_|fw_|nvapi-|tvly-|pcsk_|whsec_)[A-Za-z0-9_-]{16,}",
    // AWS: access key ids, and secrets and session tokens under their names.
    r"(?-u)\b(?:AKIA|ASIA|ABIA|ACCA|AGPA|AIDA|AROA|ANPA)[A-Z0-9]{16}",
    r#"(?i-u)aws_?(?:secret_?access_?key|session_?token)["']?\s*[:=]\s*["']?[A-Za-z0-9/+=]{16,}"#,
    // Google: API keys, OAuth tokens, client secrets.
    r"(?-u)\bAIza[A-Za-z0-9_-]{30,}",
    r"(?-u)\b(?:ya29\.|GOCSPX-)[A-Za-z0-9_.-]{16,}",
    // GitHub, GitLab, npm, PyPI, Docker, DigitalOcean, Hugging Face.
    r"(?-u)\b(?:gh[pousr]_|github_pat_|glpat-|npm_|pypi-|dckr_pat_|do[opr]_v1_|hf_)[A-Za-z0-9_-]{16,}",
    // Slack: tokens and hooks.
    r"(?-u)\bxox[a-z](?:-[A-Za-z0-9]+)+",
    r"(?-u)\bxapp-[A-Za-z0-9-]{10,}",
    r"(?-u)\bhooks\.slack\.com/services/[A-Za-z0-9/_-]+",
    // SendGrid, Telegram.
    r"(?-u)\bSG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}",
    r"(?-u)\b[0-9]{8,10}:AA[A-Za-z0-9_-]{33}",
    // Azure: account keys in connection strings, signatures in URLs.
    r"(?i-u)\b(?:AccountKey|SharedAccessKey)=[A-Za-z0-9+/=]{16,}",
    r"(?-u)[?&]sig=[A-Za-z0-9%+/=_-]{16,}",
    // JSON Web Tokens (RFC 7519), signed, encrypted or neither.
    r"(?-u)\beyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*){1,4}",
    // HTTP credentials (RFC 6750, RFC 7617).
    r"(?i-u)\bbearer[ \t]+[A-Za-z0-9._~+/=-]{8,}",
    r"(?i-u)\bbasic[ \t]+[A-Za-z0-9+/]{12,}={0,2}",
    // Passwords in URLs (RFC 3986, 3.2.1).
    r#"(?-u)\b[A-Za-z][A-Za-z0-9+.-]*://[^\s/:@"'<>]*:[^\s/@"'<>]+@"#,
    // Private keys (RFC 7468), cut ones too.
    r"(?-u)-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----[A-Za-z0-9+/=\s\\:,()._-]*?(?:-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----|\z)",
    r"(?-u)-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----[A-Za-z0-9+/=\s\\:,()._-]*",
];

impl Finder {
    /// In the order in which they are applied: what is part of something larger goes behind it.
    pub(crate) const ALL: [Self; 5] = [Self::ApiKeys, Self::Email, Self::Ipv6, Self::Ipv4, Self::Card];

    pub(super) fn patterns(self) -> &'static [&'static str] {
        match self {
            Self::ApiKeys => API_KEYS,
            Self::Email => EMAIL,
            Self::Card => CARD,
            Self::Ipv4 => IPV4,
            Self::Ipv6 => IPV6,
        }
    }

    /// What takes the place of what is found.
    pub(super) fn replacement(self) -> &'static str {
        match self {
            Self::ApiKeys => "[redacted:api_key]",
            Self::Email => "[redacted:email]",
            Self::Card => "[redacted:card]",
            Self::Ipv4 | Self::Ipv6 => "[redacted:ip]",
        }
    }

    /// What of a match is meant, when the pattern alone does not tell.
    pub(super) fn check(self) -> Option<Check> {
        match self {
            Self::ApiKeys | Self::Email => None,
            Self::Card => Some(card::find),
            Self::Ipv4 => Some(ipv4),
            Self::Ipv6 => Some(ipv6),
        }
    }
}

/// Whether the byte at a place is one of a word.
fn is_word(text: &[u8], at: Option<usize>) -> bool {
    at.and_then(|at| text.get(at)).is_some_and(u8::is_ascii_alphanumeric)
}

/// Four numbers that are no part of more of them.
fn ipv4(text: &[u8], found: Range<usize>) -> Option<Range<usize>> {
    let before = found.start.checked_sub(1);
    let is_dot = |at: Option<usize>| at.and_then(|at| text.get(at)) == Some(&b'.');
    let goes_on =
        is_word(text, Some(found.end)) || is_dot(Some(found.end)) && is_word(text, Some(found.end + 1));
    let went_on = is_word(text, before) || is_dot(before) && is_word(text, found.start.checked_sub(2));
    (!goes_on && !went_on).then_some(found)
}

/// An address, and no path of names like `a::b`.
fn ipv6(text: &[u8], found: Range<usize>) -> Option<Range<usize>> {
    let candidate = text.get(found.clone())?;
    if is_word(text, found.start.checked_sub(1)) || is_word(text, Some(found.end)) {
        return None;
    }
    // A sentence's or list's mark at the end is none of it.
    let trimmed = candidate.iter().rposition(|byte| !matches!(byte, b'.' | b':')).map_or(0, |last| last + 1);
    let is_address = |length: usize| {
        let candidate = candidate.get(..length).and_then(|candidate| std::str::from_utf8(candidate).ok());
        let is_sure = candidate.is_some_and(|candidate| {
            candidate.bytes().any(|byte| byte.is_ascii_digit()) || candidate.matches(':').count() > 2
        });
        is_sure && candidate.is_some_and(|candidate| candidate.parse::<Ipv6Addr>().is_ok())
    };
    let length = [candidate.len(), trimmed].into_iter().find(|length| is_address(*length))?;
    Some(found.start..found.start + length)
}
