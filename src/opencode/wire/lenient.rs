//! Lenient parsing: one odd value must not make a whole response unreadable.
//!
//! These work only with deserializers over a string or a slice, which is all we use.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

/// Parses a list, without the elements that do not fit.
pub(in crate::opencode) fn list<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned,
{
    let raw = <&'de RawValue>::deserialize(deserializer)?;
    Ok(elements(raw.get()))
}

/// Like [`list`], for an optional list; anything else counts as absent.
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

/// Parses the elements of a JSON list that fit; none if it is not a list.
pub(in crate::opencode) fn elements<T: DeserializeOwned>(json: &str) -> Vec<T> {
    let elements: Vec<&RawValue> = serde_json::from_str(json).unwrap_or_default();
    let parse = |element: &&RawValue| serde_json::from_str(element.get()).ok();
    elements.iter().filter_map(parse).collect()
}

/// Parses an optional value; one that does not fit counts as absent.
pub(in crate::opencode) fn option<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned,
{
    let raw = <&'de RawValue>::deserialize(deserializer)?;
    Ok(serde_json::from_str(raw.get()).ok())
}

/// Parses a value with a default; one that does not fit counts as the default.
pub(in crate::opencode) fn or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned + Default,
{
    option(deserializer).map(Option::unwrap_or_default)
}

/// Parses `null` as the default and fails on what does not fit: for values that the user approves, where nothing may
/// be replaced silently.
pub(in crate::opencode) fn or_null<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// Parses a short string without copying it; other types become empty.
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

/// Parses an object into pairs in its order, without those whose value does not fit; none if it is not an object.
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

/// An object in its written order.
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

/// Parses a count. The server's numbers are JavaScript's: they may have a fraction, or be null.
pub(in crate::opencode) fn whole<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<u64, D::Error> {
    Ok(to_whole(option::<D, f64>(deserializer)?.unwrap_or(0.0)))
}

/// Like [`whole`], for an optional count.
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
