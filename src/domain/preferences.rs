//! Favourite and recent models, recent actions, how changes are shown; and the agent, model and variant chosen in one session.

use super::chat::ModelRef;

/// Choices that lists show first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Preferences {
    /// In the order in which they were marked.
    pub favourite_models: Vec<ModelRef>,
    /// Last chosen first.
    pub recent_models: Vec<ModelRef>,
    /// The names of actions, last run first.
    pub recent_actions: Vec<String>,
    /// Changes are shown side by side.
    pub side_by_side: bool,
}

/// Something to remember.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PreferenceChange {
    /// The model becomes a favourite, or is none any more.
    Favourite(ModelRef, bool),
    /// The model was chosen.
    ModelChosen(ModelRef),
    /// The action of this name was run from the palette.
    ActionRun(String),
    /// Changes are shown side by side from now on, or no longer.
    SideBySide(bool),
}

/// What the user has chosen for the next prompts of a session; `None`: nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PromptChoice {
    pub agent: Option<String>,
    pub model: Option<ModelRef>,
    /// Of that model.
    pub variant: VariantChoice,
}

/// How much the model is told to think.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum VariantChoice {
    /// As for the last prompt.
    #[default]
    Unchanged,
    /// As the model does by itself.
    Default,
    Named(String),
}
