//! What is said of a span later: evaluations, feedback.

use super::values::*;

/// The result of an evaluation. It is no span: it becomes the log record `gen_ai.evaluation.result` on the span that was
/// evaluated, which the event's `parent` names: by its handle while it is in flight, by its context at any time later,
/// from whatever trace it is. The time is the event's end; attributes go along; `error` says that the evaluation itself
/// failed.
/// @since 0.1.0
#[repr(C)]
#[derive(Clone, Copy)]
pub struct agentotel_evaluation {
    /// `sizeof(agentotel_evaluation)`; `AGENTOTEL_EVALUATION_INIT` sets it.
    pub struct_size: usize,
    /// `gen_ai.evaluation.name`: the metric, such as `relevance`; required.
    pub name: agentotel_str,
    /// `gen_ai.evaluation.score.value`
    pub score_value: agentotel_f64,
    /// `gen_ai.evaluation.score.label`, of few distinct values, such as `pass`.
    pub score_label: agentotel_str,
    /// `gen_ai.response.id` of what was evaluated.
    pub response_id: agentotel_str,
    /// `agentotel.evaluation.evaluator`: who evaluated, such as a model's name.
    pub evaluator: agentotel_str,
    /// `gen_ai.evaluation.explanation` (a plain text, content).
    pub explanation: agentotel_str,
}

/// What somebody thinks of a result. It becomes the log record `gen_ai.evaluation.result`, as `agentotel_evaluation` does, with
/// `agentotel.feedback.source` on it.
/// @since 0.1.0
#[repr(C)]
#[derive(Clone, Copy)]
pub struct agentotel_feedback {
    /// `sizeof(agentotel_feedback)`; `AGENTOTEL_FEEDBACK_INIT` sets it.
    pub struct_size: usize,
    /// `gen_ai.evaluation.name`; `user_feedback` when absent.
    pub name: agentotel_str,
    /// `agentotel.feedback.source`: who gave it, such as `user` (when absent), `operator`, `reviewer`.
    pub source: agentotel_str,
    /// `gen_ai.evaluation.score.value`
    pub score_value: agentotel_f64,
    /// `gen_ai.evaluation.score.label`, of few distinct values, such as `thumbs_up`.
    pub score_label: agentotel_str,
    /// `gen_ai.response.id` of what it is about.
    pub response_id: agentotel_str,
    /// `user.id` of who gave it.
    pub user_id: agentotel_str,
    /// `gen_ai.evaluation.explanation` (a plain text, content).
    pub comment: agentotel_str,
}
