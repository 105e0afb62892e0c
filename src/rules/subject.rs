//! Whether an allow rule's pattern matches a path or an address.
//!
//! A `*` of OpenCode's patterns takes any text, so `src/*` would match `src/../../etc/passwd`, and
//! `https://*.example.org/*` would match `https://evil.net/.example.org/`. Here neither does.

use super::wildcard;

/// What separates a scheme from the rest.
const SCHEME: &str = "://";

pub(super) fn matches(pattern: &str, text: &str) -> bool {
    if text.chars().any(char::is_control) {
        return false;
    }
    match text.split_once(SCHEME) {
        Some((scheme, rest)) if !scheme.contains('/') => address(pattern, scheme, rest),
        _ => !climbs(text) && wildcard::matches(pattern, text),
    }
}

/// Whether a path has a step upwards, with either kind of slash.
fn climbs(path: &str) -> bool {
    path.split(['/', '\\']).any(|step| step == "..")
}

/// Compares host and path apart from each other. Browsers read a backslash as a slash, and what
/// stands before `@` is no host.
fn address(pattern: &str, scheme: &str, rest: &str) -> bool {
    let (host, path) = split_host(rest);
    if rest.contains('\\') || host.contains('@') || climbs(path) {
        return false;
    }
    let Some((wanted, pattern)) = pattern.split_once(SCHEME) else {
        return false;
    };
    let (wanted_host, wanted_path) = split_host(pattern);
    let path_matches = match wanted_path {
        // `https://example.org` is its page at `/`, and nothing below it.
        "" | "/" => matches!(path, "" | "/"),
        wanted => wildcard::matches(wanted, if path.is_empty() { "/" } else { path }),
    };
    wildcard::matches(wanted, scheme) && wildcard::matches(wanted_host, host) && path_matches
}

/// The host with its port, and the rest.
fn split_host(rest: &str) -> (&str, &str) {
    rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()))
}
