//! Reading with patience: one odd value must not make a whole answer unreadable.
//!
//! These work only below deserializers over a string or a slice, which is all we use.

use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer};
use serde_json::value::RawValue;

/// Reads a list and leaves out the elements that do not fit.
pub(super) fn list<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned,
{
    let raw = <&'de RawValue>::deserialize(deserializer)?;
    Ok(elements(raw.get()))
}

/// Reads the elements of a JSON list that fit; none where it is not a list.
pub(super) fn elements<T: DeserializeOwned>(json: &str) -> Vec<T> {
    let elements: Vec<&RawValue> = serde_json::from_str(json).unwrap_or_default();
    let parse = |element: &&RawValue| serde_json::from_str(element.get()).ok();
    elements.iter().filter_map(parse).collect()
}

/// Reads a value that may be absent; one that does not fit counts as absent.
pub(super) fn option<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned,
{
    let raw = <&'de RawValue>::deserialize(deserializer)?;
    Ok(serde_json::from_str(raw.get()).ok())
}

/// Reads a value that has a default; one that does not fit counts as the default.
pub(super) fn or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned + Default,
{
    option(deserializer).map(Option::unwrap_or_default)
}

/// Reads a count. The server's numbers are JavaScript's: they may carry a fraction, or be null.
pub(super) fn whole<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    Ok(to_whole(option::<D, f64>(deserializer)?.unwrap_or(0.0)))
}

/// As [`whole`], for a count that may be absent.
pub(super) fn maybe_whole<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<u64>, D::Error> {
    Ok(option::<D, f64>(deserializer)?.map(to_whole))
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a float cast saturates, and negative counts are nonsense that becomes 0"
)]
fn to_whole(number: f64) -> u64 {
    number as u64
}
