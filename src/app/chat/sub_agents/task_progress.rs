//! What the call of a sub-agent shows of its conversation.

/// What a sub-agent has done so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::app::chat) struct TaskProgress {
    /// How many tools it has called.
    pub(in crate::app::chat) tools: usize,
    /// What it said or called last; not safe.
    pub(in crate::app::chat) last: String,
    /// That is Markdown, of which the last line counts.
    pub(in crate::app::chat) is_prose: bool,
}
