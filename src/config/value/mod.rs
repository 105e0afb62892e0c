//! A value and its source; how durations, sizes and prices are written.

pub(in crate::config) mod duration;
pub(in crate::config) mod price;
pub(in crate::config) mod size;

use std::fmt;

/// The source of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ValueSource {
    Default,
    /// The configuration file; lines count from 1.
    File {
        line: usize,
    },
    /// An environment variable.
    Env(String),
    /// A command-line flag, with its dashes.
    Flag(String),
    /// The file of stored credentials.
    Stored,
    /// The desktop's keyring.
    Keyring,
}

impl fmt::Display for ValueSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File { line } => write!(f, "config.toml:{line}"),
            Self::Env(name) => write!(f, "env {name}"),
            Self::Flag(name) => write!(f, "flag {name}"),
            Self::Stored => f.write_str("credentials.json"),
            Self::Keyring => f.write_str("keyring"),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sourced<T> {
    pub value: T,
    pub source: ValueSource,
}

impl<T> Sourced<T> {
    pub fn new(value: T, source: ValueSource) -> Self {
        Self { value, source }
    }
}
