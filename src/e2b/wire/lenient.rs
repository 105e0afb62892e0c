//! Lenient parsing: one odd value must not make a whole body unreadable.
//!
//! Requests are validated: `null` is the default, a value that does not fit is an error, as with E2B. In responses,
//! a value that does not fit is the default.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer};
use serde_json::Value;

/// Parses `null` as the default.
pub(super) fn or_null<'de, D, T>(input: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Option::deserialize(input).map(Option::unwrap_or_default)
}

/// Parses a value that does not fit as the default.
pub(super) fn fitting<'de, D, T>(input: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + DeserializeOwned,
{
    let value = Value::deserialize(input)?;
    Ok(serde_json::from_value(value).unwrap_or_default())
}

/// Parses the values of an object that are text.
pub(super) fn fitting_values<'de, D>(input: D) -> Result<BTreeMap<String, String>, D::Error>
where
    D: Deserializer<'de>,
{
    let values: BTreeMap<String, Value> = fitting(input)?;
    let text = |(name, value)| match value {
        Value::String(text) => Some((name, text)),
        _ => None,
    };
    Ok(values.into_iter().filter_map(text).collect())
}
