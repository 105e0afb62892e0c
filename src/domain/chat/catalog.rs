//! What a server offers to answer prompts: models and agents.

use crate::domain::prompt::FileKinds;
use crate::domain::sandbox::price::MicroDollars;

/// Names a model.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct ModelRef {
    pub provider: String,
    pub model: String,
}

/// A model to choose from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Model {
    pub reference: ModelRef,
    pub name: String,
    pub provider_name: String,
    /// Tokens; 0 when unknown.
    pub context_limit: u64,
    /// `None` when unknown.
    pub price: Option<ModelPrice>,
    pub abilities: ModelAbilities,
    /// The names for how much it thinks, from which a prompt may name one.
    pub variants: Vec<String>,
}

/// For a million tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ModelPrice {
    pub input: MicroDollars,
    pub output: MicroDollars,
}

/// What a model can do, as far as the server knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ModelAbilities {
    /// It reads images.
    pub images: bool,
    pub reasoning: bool,
    pub tools: bool,
    /// What it does not read, if the server says so.
    pub unread: FileKinds,
}

impl ModelAbilities {
    /// The names of what it can do.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        let all = [
            (self.images, "images"),
            (self.reasoning, "reasoning"),
            (self.tools, "tools"),
        ];
        let has = all.into_iter().filter(|(has, _)| *has);
        has.map(|(_, name)| name)
    }
}

/// A primary agent to choose from: `build`, `plan`, …
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agent {
    pub name: String,
    pub description: String,
}

/// The server's agents and models, fetched once per connection.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Catalog {
    pub models: Vec<Model>,
    pub agents: Vec<Agent>,
    /// The model of a prompt that names none.
    pub default_model: Option<ModelRef>,
}

impl Catalog {
    /// What is known about a model.
    pub fn model(&self, model: &ModelRef) -> Option<&Model> {
        self.models.iter().find(|known| known.reference == *model)
    }

    /// The name of a model for the screen.
    pub fn name_of<'a>(&'a self, model: &'a ModelRef) -> &'a str {
        let known = self.model(model).map(|known| known.name.as_str());
        known.unwrap_or(&model.model)
    }

    /// Whether a prompt may name this agent, as far as is known: hidden agents and those of
    /// sub-agents are not in the catalog.
    pub fn offers_agent(&self, name: &str) -> bool {
        self.agents.is_empty() || self.agents.iter().any(|agent| agent.name == name)
    }
}
