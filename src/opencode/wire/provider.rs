//! What the server offers to choose from: providers with their models, agents.
//!
//! Source: `GET /config/providers`, `GET /config`, `GET /agent`, 1.18.33. These answers carry API keys
//! in clear text; the types here have no place for them, and nobody may log the bodies.

use std::collections::HashMap;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};

use super::lenient;

/// `GET /config/providers`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct Providers {
    #[serde(default, deserialize_with = "lenient::list")]
    pub providers: Vec<Provider>,
    /// Provider id → id of its default model.
    #[serde(default)]
    pub default: HashMap<String, String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Provider {
    pub id: String,
    #[serde(default)]
    pub name: String,
    #[serde(default)]
    pub models: Models,
}

/// The models in the server's order; theirs is an object from id to model.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Models(pub Vec<(String, Model)>);

#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct Model {
    #[serde(default)]
    pub name: String,
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub limit: Limit,
    /// `deprecated` ones are not offered.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub status: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct Limit {
    /// Tokens.
    #[serde(default, deserialize_with = "lenient::whole")]
    pub context: u64,
}

impl<'de> Deserialize<'de> for Models {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ModelsVisitor)
    }
}

struct ModelsVisitor;

impl<'de> Visitor<'de> for ModelsVisitor {
    type Value = Models;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object from model id to model")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Models, A::Error> {
        let mut models = Vec::new();
        while let Some(entry) = map.next_entry()? {
            models.push(entry);
        }
        Ok(Models(models))
    }
}

/// The one field of `GET /config` that we read.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct Config {
    /// `provider/model`, if the configuration names one.
    #[serde(default)]
    pub model: Option<String>,
}

/// An element of `GET /agent`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Agent {
    pub name: String,
    #[serde(default)]
    pub description: String,
    /// `primary`, `subagent` or `all`.
    #[serde(default)]
    pub mode: String,
    #[serde(default)]
    pub hidden: bool,
}
