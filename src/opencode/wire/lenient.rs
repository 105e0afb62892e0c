//! Reading with patience: one odd value must not make a whole answer unreadable.
//!
//! These work only below deserializers over a string or a slice, which is all we use.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

/// Reads a list and leaves out the elements that do not fit.
pub(in crate::opencode) fn list<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned,
{
    let raw = <&'de RawValue>::deserialize(deserializer)?;
    Ok(elements(raw.get()))
}

/// As [`list`], for a list that may be absent; what is no list counts as absent.
pub(in crate::opencode) fn maybe_list<'de, D, T>(
    deserializer: D,
) -> Result<Option<Vec<T>>, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned,
{
    let raw = <&'de RawValue>::deserialize(deserializer)?;
    let is_list = serde_json::from_str::<Vec<IgnoredAny>>(raw.get()).is_ok();
    Ok(is_list.then(|| elements(raw.get())))
}

/// Reads the elements of a JSON list that fit; none where it is not a list.
pub(in crate::opencode) fn elements<T: DeserializeOwned>(json: &str) -> Vec<T> {
    let elements: Vec<&RawValue> = serde_json::from_str(json).unwrap_or_default();
    let parse = |element: &&RawValue| serde_json::from_str(element.get()).ok();
    elements.iter().filter_map(parse).collect()
}

/// Reads a value that may be absent; one that does not fit counts as absent.
pub(in crate::opencode) fn option<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned,
{
    let raw = <&'de RawValue>::deserialize(deserializer)?;
    Ok(serde_json::from_str(raw.get()).ok())
}

/// Reads a value that has a default; one that does not fit counts as the default.
pub(in crate::opencode) fn or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned + Default,
{
    option(deserializer).map(Option::unwrap_or_default)
}

/// Reads `null` as the default and fails on what does not fit: for what somebody is to approve, where
/// nothing may be replaced in silence.
pub(in crate::opencode) fn or_null<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// Reads a short word without copying it; one that is not text is empty.
pub(in crate::opencode) fn word<'de: 'a, 'a, D>(deserializer: D) -> Result<Cow<'a, str>, D::Error>
where
    D: Deserializer<'de>,
{
    #[derive(Deserialize, Default)]
    #[serde(transparent)]
    struct Word<'a>(#[serde(borrow)] Cow<'a, str>);
    let raw = <&'de RawValue>::deserialize(deserializer)?;
    let Word(word) = serde_json::from_str(raw.get()).unwrap_or_default();
    Ok(word)
}

/// Reads an object into pairs in its order and leaves out those whose value does not fit; none where it
/// is not an object.
pub(in crate::opencode) fn pairs<'de, D, T, C>(deserializer: D) -> Result<C, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned,
    C: FromIterator<(String, T)>,
{
    let raw = <&'de RawValue>::deserialize(deserializer)?;
    let Pairs(pairs) = serde_json::from_str(raw.get()).unwrap_or_default();
    let parse = |(name, value): (String, &RawValue)| {
        let value = serde_json::from_str(value.get()).ok();
        value.map(|value| (name, value))
    };
    Ok(pairs.into_iter().filter_map(parse).collect())
}

/// An object as it is written.
#[derive(Default)]
struct Pairs<'a>(Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Pairs<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct PairsVisitor;
        impl<'de> Visitor<'de> for PairsVisitor {
            type Value = Pairs<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Pairs(pairs))
            }
        }
        deserializer.deserialize_map(PairsVisitor)
    }
}

/// Reads a count. The server's numbers are JavaScript's: they may carry a fraction, or be null.
pub(in crate::opencode) fn whole<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<u64, D::Error> {
    Ok(to_whole(option::<D, f64>(deserializer)?.unwrap_or(0.0)))
}

/// As [`whole`], for a count that may be absent.
pub(in crate::opencode) fn maybe_whole<'de, D: Deserializer<'de>>(
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
