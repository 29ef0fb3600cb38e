//! What fields of details choose among: words that have a number at the C boundary, and how a provider counts tokens.

/// The words that there are to choose among; the first one's number at the C boundary is 1.
pub(crate) struct Words {
    /// What the numbers are called there.
    pub(crate) constants: &'static str,
    pub(crate) words: &'static [&'static str],
}

impl Words {
    /// The word that has this number.
    pub(crate) fn word(&self, number: u32) -> Option<&'static str> {
        let position = usize::try_from(number).ok()?.checked_sub(1)?;
        self.words.get(position).copied()
    }

    /// The largest number.
    pub(crate) fn most(&self) -> u32 {
        u32::try_from(self.words.len()).unwrap_or(u32::MAX)
    }
}

/// One of a few words, which has a number at the C boundary; 0 is none of them.
pub(crate) trait Choice: Copy + 'static {
    const WORDS: &'static Words;

    fn from_number(number: u32) -> Option<Self>;
    fn word(self) -> &'static str;
}

macro_rules! choices {
    ($($(#[$doc:meta])* $name:ident $constants:literal { $($member:ident = $number:literal $word:literal),+ $(,)? })+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u32)]
        pub(crate) enum $name {
            $($member = $number,)+
        }

        impl Choice for $name {
            const WORDS: &'static Words = &Words { constants: $constants, words: &[$($word),+] };

            fn from_number(number: u32) -> Option<Self> {
                match number {
                    $($number => Some(Self::$member),)+
                    _ => None,
                }
            }

            fn word(self) -> &'static str {
                match self {
                    $(Self::$member => $word,)+
                }
            }
        }

        #[cfg_attr(not(test), expect(clippy::indexing_slicing, reason = "runs in the compiler, which does not accept a wrong index"))]
        const _: () = {
            let (numbers, mut position) = ([$($number),+], 0);
            while position < numbers.len() {
                position += 1;
                assert!(numbers[position - 1] == position, "numbers go up from 1");
            }
        };
    )+};
}

choices! {
    /// `gen_ai.operation.name` of an inference.
    LlmOperation "AGENTOTEL_LLM_…" {
        Chat = 1 "chat",
        TextCompletion = 2 "text_completion",
        GenerateContent = 3 "generate_content",
    }
    /// `gen_ai.operation.name` of an agent.
    AgentOperation "AGENTOTEL_AGENT_…" {
        Invoke = 1 "invoke_agent",
        Create = 2 "create_agent",
    }
    /// How somebody who was asked for approval decided.
    ApprovalDecision "AGENTOTEL_APPROVAL_…" {
        Approved = 1 "approved",
        Denied = 2 "denied",
        Expired = 3 "expired",
    }
    /// What a guardrail did.
    GuardrailDecision "AGENTOTEL_GUARDRAIL_…" {
        Allowed = 1 "allowed",
        Blocked = 2 "blocked",
        Modified = 3 "modified",
        Flagged = 4 "flagged",
    }
    /// What is done with a memory.
    MemoryOperation "AGENTOTEL_MEMORY_…" {
        Search = 1 "search",
        Read = 2 "read",
        Write = 3 "write",
        Update = 4 "update",
        Delete = 5 "delete",
    }
}

/// How a provider counts tokens. By itself: totals include their parts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counting {
    /// Cached input tokens come on top of the input tokens.
    pub(crate) cache_separate: bool,
    /// Reasoning tokens come on top of the output tokens.
    pub(crate) reasoning_separate: bool,
}

impl Counting {
    /// The largest number at the C boundary.
    pub(crate) const MOST: u32 = 3;

    /// The counting that has this number.
    pub(crate) fn from_number(number: u32) -> Option<Self> {
        let counting = Self { cache_separate: number & 1 != 0, reasoning_separate: number & 2 != 0 };
        (number <= Self::MOST).then_some(counting)
    }

    /// Its number there.
    pub(crate) fn number(self) -> u32 {
        u32::from(self.cache_separate) | u32::from(self.reasoning_separate) << 1
    }

    /// All input tokens, of a count and those of the cache that were said with it.
    pub(crate) fn input(self, input: Option<i64>, cached: [Option<i64>; 2]) -> Option<i64> {
        sum(input, if self.cache_separate { cached } else { [None; 2] })
    }

    /// All output tokens, of a count and those of reasoning that were said with it.
    pub(crate) fn output(self, output: Option<i64>, reasoning: Option<i64>) -> Option<i64> {
        sum(output, [reasoning.filter(|_| self.reasoning_separate), None])
    }
}

/// A count that was said, and what comes on top of it.
fn sum(count: Option<i64>, parts: [Option<i64>; 2]) -> Option<i64> {
    let add = |sum: i64, part: Option<i64>| sum.saturating_add(part.unwrap_or(0));
    count.map(|count| parts.into_iter().fold(count, add))
}
