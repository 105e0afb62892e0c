//! Values as `SQLite` holds them.

/// Makes `SQLite`'s integer of a count; what does not fit becomes the largest.
pub(super) fn integer(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// Makes a count of `SQLite`'s integer; what is negative becomes 0.
pub(super) fn count(value: i64) -> u64 {
    u64::try_from(value).unwrap_or(0)
}

/// Serialises a row. A row that cannot be serialised fails its write.
pub(super) fn to_json(row: &impl serde::Serialize) -> rusqlite::Result<String> {
    serde_json::to_string(row)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))
}

/// Reads a row's JSON; one that this version cannot read counts as absent, so that it never takes
/// the readable rows around it along.
pub(super) fn from_json<T: serde::de::DeserializeOwned>(json: &str) -> Option<T> {
    serde_json::from_str(json).ok()
}
