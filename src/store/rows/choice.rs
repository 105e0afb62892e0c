//! The JSON of a session's chosen agent, model and variant.

use serde::{Deserialize, Serialize};

use super::ModelRow;
use crate::domain::preferences::{PromptChoice, VariantChoice};

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(in crate::store) struct PromptChoiceRow {
    agent: Option<String>,
    model: Option<ModelRow>,
    /// Absent: as for the last prompt. Empty: as the model does by itself.
    variant: Option<String>,
}

impl From<PromptChoice> for PromptChoiceRow {
    fn from(choice: PromptChoice) -> Self {
        Self {
            agent: choice.agent,
            model: choice.model.map(Into::into),
            variant: match choice.variant {
                VariantChoice::Unchanged => None,
                VariantChoice::Default => Some(String::new()),
                VariantChoice::Named(name) => Some(name),
            },
        }
    }
}

impl From<PromptChoiceRow> for PromptChoice {
    fn from(row: PromptChoiceRow) -> Self {
        Self {
            agent: row.agent,
            model: row.model.map(Into::into),
            variant: match row.variant {
                None => VariantChoice::Unchanged,
                Some(name) if name.is_empty() => VariantChoice::Default,
                Some(name) => VariantChoice::Named(name),
            },
        }
    }
}
