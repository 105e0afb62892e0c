//! Metadata of files: `X-Metadata-<key>` headers of an upload, kept as extended attributes
//! `user.e2b.<key>` (envd since 0.6.2). Each upload replaces all that was there.

use std::collections::BTreeMap;
use std::io;
use std::os::fd::AsFd;

use axum::http::{HeaderMap, StatusCode};
use rustix::fs::{XattrFlags, fgetxattr, flistxattr, flistxattr_query, fremovexattr, fsetxattr};
use rustix::io::Errno;

use crate::local::error::ApiError;

const HEADER: &str = "x-metadata-";
const PREFIX: &str = "user.e2b.";
/// An attribute's name has 255 bytes, the prefix included.
const KEY_LIMIT: usize = 255 - PREFIX.len();
/// Keys, values, and the prefix of each key.
const TOTAL_LIMIT: usize = 4096;
/// What Linux allows for one list and for one value.
const LONGEST: usize = 64 * 1024;

/// The metadata that an upload asks for.
pub(super) fn wanted(headers: &HeaderMap) -> Result<BTreeMap<String, String>, ApiError> {
    let mut found = BTreeMap::new();
    let mut total = 0;
    // Names come in lower case; of several values the first counts.
    for name in headers.keys() {
        let Some(key) = name.as_str().strip_prefix(HEADER) else {
            continue;
        };
        let value = headers.get(name).and_then(|value| value.to_str().ok());
        let value = value.filter(|value| value.bytes().all(|byte| (0x20..=0x7e).contains(&byte)));
        let Some(value) = value else {
            let message = format!("metadata '{key}' must be printable ASCII");
            return Err(ApiError::bad(message));
        };
        if key.is_empty() || key.len() > KEY_LIMIT {
            let message = format!("metadata keys have 1 to {KEY_LIMIT} bytes");
            return Err(ApiError::bad(message));
        }
        total += PREFIX.len() + key.len() + value.len();
        found.insert(key.to_owned(), value.to_owned());
    }
    if total > TOTAL_LIMIT {
        let message = format!("metadata of a file has at most {TOTAL_LIMIT} bytes in total");
        return Err(ApiError::bad(message));
    }
    Ok(found)
}

/// What a file has; nothing where its file system keeps no attributes.
pub(super) fn read(file: impl AsFd) -> BTreeMap<String, String> {
    let value = |key: &str| {
        let mut value = vec![0; LONGEST];
        let length = fgetxattr(&file, format!("{PREFIX}{key}"), &mut value[..]).ok()?;
        let value = value.get(..length)?;
        Some((key.to_owned(), String::from_utf8_lossy(value).into_owned()))
    };
    let keys = keys(&file).unwrap_or_default();
    keys.iter().filter_map(|key| value(key)).collect()
}

/// Replaces what a file has.
pub(super) fn replace(file: impl AsFd, wanted: &BTreeMap<String, String>) -> Result<(), ApiError> {
    let failed = |error: Errno| match error {
        Errno::OPNOTSUPP => ApiError::new(
            StatusCode::NOT_IMPLEMENTED,
            "the file was written without its metadata: its file system has no extended attributes",
        ),
        Errno::NOSPC | Errno::DQUOT => {
            ApiError::new(StatusCode::INSUFFICIENT_STORAGE, "not enough disk space")
        }
        other => ApiError::internal(format!("keep metadata: {}", io::Error::from(other))),
    };
    for key in keys(&file).unwrap_or_default() {
        if !wanted.contains_key(&key) {
            fremovexattr(&file, format!("{PREFIX}{key}")).map_err(failed)?;
        }
    }
    for (key, value) in wanted {
        let name = format!("{PREFIX}{key}");
        fsetxattr(&file, name, value.as_bytes(), XattrFlags::empty()).map_err(failed)?;
    }
    Ok(())
}

fn keys(file: impl AsFd) -> rustix::io::Result<Vec<String>> {
    // Most files have none; asking for the length alone is cheap.
    if flistxattr_query(&file)? == 0 {
        return Ok(Vec::new());
    }
    let mut names = vec![0; LONGEST];
    let length = flistxattr(&file, &mut names[..])?;
    let names = names.get(..length).unwrap_or_default();
    Ok(names
        .split(|byte| *byte == 0)
        .filter_map(|name| std::str::from_utf8(name).ok()?.strip_prefix(PREFIX))
        .map(str::to_owned)
        .collect())
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderName, HeaderValue};
    use pretty_assertions::assert_eq;
    use proptest::prelude::*;

    use super::*;

    fn headers(name: &str, value: &str) -> HeaderMap {
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        let mut headers = HeaderMap::new();
        headers.insert(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        headers
    }

    #[test]
    fn keys_are_lower_case_and_values_printable_and_short() {
        let good = wanted(&headers("X-Metadata-Author", "me & you")).unwrap();
        let total = wanted(&headers("x-metadata-a", &"v".repeat(4087)));
        let long = wanted(&headers(&format!("x-metadata-{}", "k".repeat(247)), "v"));
        let foreign = wanted(&headers("x-metadata-a", "é"));

        assert_eq!(good["author"], "me & you");
        assert!(total.is_err() && long.is_err() && foreign.is_err());
        assert!(wanted(&headers("x-metadata-a", &"v".repeat(4086))).is_ok());
    }

    proptest! {
        #[test]
        fn what_is_accepted_fits(key in "[a-z0-9-]{1,300}", value in "[ -~]{0,5000}") {
            if let Ok(found) = wanted(&headers(&format!("x-metadata-{key}"), &value)) {
                prop_assert!(key.len() <= KEY_LIMIT && key.len() + value.len() < TOTAL_LIMIT);
                prop_assert_eq!(&found[&key], &value);
            }
        }
    }
}
