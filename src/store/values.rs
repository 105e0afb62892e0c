//! Values as `SQLite` stores them.

/// Converts a count to `SQLite`'s integer; larger values saturate.
pub(super) fn integer(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// Converts `SQLite`'s integer to a count; negative values become 0.
pub(super) fn count(value: i64) -> u64 {
    u64::try_from(value).unwrap_or(0)
}

/// Serialises a row. A row that cannot be serialised fails its write.
pub(super) fn to_json(row: &impl serde::Serialize) -> rusqlite::Result<String> {
    serde_json::to_string(row)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))
}

/// Parses a row's JSON; one that this version cannot read counts as absent, so that the readable rows around it are
/// not lost.
pub(super) fn from_json<T: serde::de::DeserializeOwned>(json: &str) -> Option<T> {
    serde_json::from_str(json).ok()
}
