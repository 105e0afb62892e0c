//! What an agent asks the user: a text, and options to choose from. All texts may be hostile.

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuestionItem {
    /// A few words.
    pub header: String,
    pub question: String,
    pub options: Vec<QuestionOption>,
    /// More than one option may be selected.
    pub multiple: bool,
    /// Free text of the user is allowed.
    pub custom: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuestionOption {
    pub label: String,
    pub description: String,
}
