//! Replaces secrets in a text with dots: known values anywhere, and anything that looks like one.

use std::fmt;
use std::sync::{Arc, RwLock};

use secrecy::{ExposeSecret, SecretString};

use crate::net::url::without_userinfo;

const DOTS: &str = "••••••••";
/// Redacting shorter values would hit ordinary words.
const SHORTEST: usize = 6;
/// Prefixes of well-known tokens.
const PREFIXES: [&str; 7] = ["sk-", "e2b_", "gsk_", "ghp_", "github_pat_", "xai-", "AIza"];
/// Lower-case names of headers and fields whose value is a secret.
const NAMES: [&str; 9] = [
    "authorization",
    "x-api-key",
    "x-access-token",
    "e2b-traffic-access-token",
    "accesstoken",
    "access_token",
    "api_key",
    "apikey",
    "password",
];

/// Holds secret values. Clones share them, so that a secret added later is known to all.
#[derive(Clone, Default)]
pub struct Redactor {
    values: Arc<RwLock<Vec<SecretString>>>,
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Redactor")
    }
}

impl Redactor {
    /// Adds a value. Values of less than six bytes are ignored.
    pub fn add(&self, secret: &SecretString) {
        if secret.expose_secret().len() < SHORTEST {
            return;
        }
        let mut values = match self.values.write() {
            Ok(values) => values,
            Err(poisoned) => poisoned.into_inner(),
        };
        let value = secret.expose_secret();
        if values.iter().all(|known| known.expose_secret() != value) {
            values.push(secret.clone());
            // One value may contain another: the longest is replaced first.
            values.sort_by_key(|known| std::cmp::Reverse(known.expose_secret().len()));
        }
    }

    /// Returns the text without secrets.
    pub fn clean(&self, text: &str) -> String {
        let values = match self.values.read() {
            Ok(values) => values,
            Err(poisoned) => poisoned.into_inner(),
        };
        let mut text = text.to_owned();
        for value in values.iter() {
            if text.contains(value.expose_secret()) {
                text = text.replace(value.expose_secret(), DOTS);
            }
        }
        drop(values);
        named(&prefixed(&without_userinfo(&text)))
    }
}

/// Replaces tokens that are recognised by their prefix.
fn prefixed(text: &str) -> String {
    let mut cleaned = String::with_capacity(text.len());
    let mut before = ' ';
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let at_start = !is_token(before);
        let token = rest.find(|c| !is_token(c)).unwrap_or(rest.len());
        let prefix = PREFIXES.iter().find(|prefix| rest.starts_with(**prefix));
        let length = match prefix {
            Some(prefix) if at_start && token >= prefix.len() + SHORTEST => {
                cleaned.push_str(prefix);
                cleaned.push_str(DOTS);
                token
            }
            _ => {
                cleaned.push(first);
                first.len_utf8()
            }
        };
        before = rest[..length].chars().next_back().unwrap_or(' ');
        rest = &rest[length..];
    }
    cleaned
}

/// Replaces the value after a secret's name: `Authorization: Basic …`, `"accessToken":"…"`.
fn named(text: &str) -> String {
    let mut cleaned = String::with_capacity(text.len());
    let mut rest = text;
    // ASCII only, so that offsets are the same in both.
    let mut lower = text.to_ascii_lowercase();
    while let Some((start, name)) = NAMES
        .iter()
        .filter_map(|name| Some((lower.find(name)?, *name)))
        .min_by_key(|(start, name)| (*start, std::cmp::Reverse(name.len())))
    {
        let end = start + name.len();
        let value = end + value_start(&rest[end..]);
        let length = if value == end {
            0
        } else {
            value_length(&rest[value..])
        };
        cleaned.push_str(&rest[..value]);
        if length > 0 {
            cleaned.push_str(DOTS);
        }
        rest = &rest[value + length..];
        lower.drain(..value + length);
    }
    cleaned.push_str(rest);
    cleaned
}

/// Bytes between a name and its value: quotes and spaces around one `:` or `=`; 0 if there are none.
fn value_start(after: &str) -> usize {
    let is_space = |c: char| "\"'\\ ".contains(c);
    let tail = after.trim_start_matches(is_space);
    let Some(tail) = tail.strip_prefix([':', '=']) else {
        return 0;
    };
    let mut value = tail.trim_start_matches(is_space);
    if let Some(inner) = value.strip_prefix("Some(") {
        value = inner.trim_start_matches(is_space);
    }
    for scheme in ["Basic ", "Bearer ", "basic ", "bearer "] {
        value = value.strip_prefix(scheme).unwrap_or(value);
    }
    after.len() - value.len()
}

fn value_length(value: &str) -> usize {
    let end = |c: char| c.is_whitespace() || "\"'\\,;)}]&".contains(c);
    value.find(end).unwrap_or(value.len())
}

fn is_token(c: char) -> bool {
    c.is_ascii_alphanumeric() || "-_".contains(c)
}

#[cfg(test)]
mod tests {
    use super::*;
    use pretty_assertions::assert_eq;
    use proptest::prelude::*;

    #[test]
    fn what_looks_like_a_secret_becomes_dots() {
        let redactor = Redactor::default();
        for (text, expected) in [
            (
                "Authorization: Basic b3BlbmNvZGU6cHc=\n",
                "Authorization: Basic ••••••••\n",
            ),
            ("x-api-key=abc next", "x-api-key=•••••••• next"),
            (
                r#"{"accessToken":"abc","n":1}"#,
                r#"{"accessToken":"••••••••","n":1}"#,
            ),
            (
                r#"{\"password\": \"abc\"}"#,
                r#"{\"password\": \"••••••••\"}"#,
            ),
            ("key e2b_0123456789ab.", "key e2b_••••••••."),
            (
                "GET http://bob:abc@host/x failed",
                "GET http://host/x failed",
            ),
            ("sk-ant-api03-abcdef", "sk-••••••••"),
            (
                "password_hint: a task-oriented e2b_x",
                "password_hint: a task-oriented e2b_x",
            ),
        ] {
            assert_eq!(redactor.clean(text), expected);
        }
    }

    #[test]
    fn known_values_become_dots_anywhere_even_if_added_later() {
        let redactor = Redactor::default();
        let clone = redactor.clone();
        redactor.add(&SecretString::from("swordfish"));
        redactor.add(&SecretString::from("swordfish-long"));
        redactor.add(&SecretString::from("a"));

        let cleaned = clone.clean("http://x/?q=swordfish&r=swordfish-long a");

        assert_eq!(cleaned, "http://x/?q=••••••••&r=•••••••• a");
    }

    proptest! {
        #[test]
        fn any_text_is_cleaned(text in "(\\PC|api_key=|Bearer |sk-){0,20}") {
            let _ = Redactor::default().clean(&text);
        }

        #[test]
        fn no_known_value_survives(secret in "[a-z0-9]{8,20}", a in "\\PC{0,9}", b in "\\PC{0,9}") {
            let redactor = Redactor::default();
            redactor.add(&SecretString::from(secret.clone()));
            let cleaned = redactor.clean(&format!("{a}{secret}{b}"));
            prop_assert!(!cleaned.contains(&secret));
        }
    }
}
