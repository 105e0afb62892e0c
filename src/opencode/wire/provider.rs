//! The server's catalog: providers with their models, agents.
//!
//! Source: `GET /config/providers`, `GET /config`, `GET /agent`, 1.18.33. These responses contain API keys in clear
//! text; the types here have no field for them, and their bodies must not be logged.

use std::collections::HashMap;

use serde::Deserialize;
use serde::de::Deserializer;

use super::lenient;

/// `GET /config/providers`.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
pub struct Providers {
    #[serde(default, deserialize_with = "lenient::list")]
    pub providers: Vec<Provider>,
    /// Provider id → id of its default model.
    #[serde(default, deserialize_with = "lenient::pairs")]
    pub default: HashMap<String, String>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Provider {
    pub id: String,
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub name: String,
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub models: Models,
}

/// The models in the server's order; on the wire, an object from id to model.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Models(pub Vec<(String, Model)>);

#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
pub struct Model {
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub name: String,
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub limit: Limit,
    /// `deprecated` ones are not offered.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub status: String,
    #[serde(default, deserialize_with = "lenient::option")]
    pub cost: Option<ModelCost>,
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub capabilities: Capabilities,
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub variants: Variants,
}

/// US dollars for a million tokens.
#[derive(Debug, Clone, Copy, PartialEq, Default, Deserialize)]
pub struct ModelCost {
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub input: f64,
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub output: f64,
}

/// What a model can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
pub struct Capabilities {
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub reasoning: bool,
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub toolcall: bool,
    #[serde(default, deserialize_with = "lenient::option")]
    pub input: Option<InputKinds>,
}

/// What a model reads besides text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
pub struct InputKinds {
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub image: bool,
    /// `None`: the server says nothing of it.
    #[serde(default, deserialize_with = "lenient::option")]
    pub pdf: Option<bool>,
}

/// How much a model can be told to think: names, with options that only the server reads.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Variants(Vec<(String, Variant)>);

/// The options of a variant, of which one matters.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
struct Variant {
    #[serde(default, deserialize_with = "lenient::or_default")]
    disabled: bool,
}

impl Variants {
    /// Those that can be chosen, in the server's order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let offered = self.0.iter().filter(|(_, variant)| !variant.disabled);
        offered.map(|(name, _)| name.as_str())
    }
}

impl<'de> Deserialize<'de> for Variants {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        lenient::pairs(deserializer).map(Variants)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct Limit {
    /// Tokens.
    #[serde(default, deserialize_with = "lenient::whole")]
    pub context: u64,
}

impl<'de> Deserialize<'de> for Models {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        lenient::pairs(deserializer).map(Models)
    }
}

/// What we read of `GET /config`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct Config {
    /// `provider/model`, if the configuration names one.
    #[serde(default, deserialize_with = "lenient::option")]
    pub model: Option<String>,
    /// Packages, and files as URLs; those with options are not read.
    #[serde(default, deserialize_with = "lenient::list")]
    pub plugin: Vec<String>,
}

/// An element of `GET /agent`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Agent {
    pub name: String,
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub description: String,
    /// `primary`, `subagent` or `all`.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub mode: String,
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub hidden: bool,
}
