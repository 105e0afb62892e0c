//! API keys, secrets compared without a timing trace, and the ids of sandboxes.

use std::io;

use crate::net::random;

/// Whether a presented secret is the wanted one. Takes the same time wherever they differ; only
/// the length can be told, and lengths are public here.
pub(super) fn same(presented: &[u8], wanted: &[u8]) -> bool {
    let difference = presented
        .iter()
        .zip(wanted)
        .fold(0, |sum, (a, b)| sum | (a ^ b));
    presented.len() == wanted.len() && std::hint::black_box(difference) == 0
}

/// What E2B's API keys begin with.
const KEY_PREFIX: &str = "e2b_";

/// A new API key in E2B's form, `e2b_` and 40 hexadecimal digits: the SDKs 2.25 to 2.45 refuse any
/// other before their first request.
pub(super) fn api_key() -> io::Result<String> {
    Ok(format!("{KEY_PREFIX}{}", random::hex::<20>()?))
}

/// Whether E2B's SDKs send this key: `e2b_` and lower-case hexadecimal digits.
pub(super) fn is_api_key(key: &str) -> bool {
    let hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    let digits = key.strip_prefix(KEY_PREFIX);
    digits.is_some_and(|digits| !digits.is_empty() && digits.bytes().all(hex))
}

/// A new sandbox id: `i` and 20 characters of `[a-z0-9]`, as E2B makes them.
pub(super) fn sandbox_id() -> io::Result<String> {
    const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
    let tail = random::bytes::<20>()?;
    let tail = tail
        .iter()
        .map(|byte| char::from(ALPHABET[usize::from(byte & 31)]));
    Ok(std::iter::once('i').chain(tail).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_key_has_the_form_of_e2b_s_own_and_the_older_one_has_not() {
        let key = api_key().unwrap();

        assert!(is_api_key(&key) && key.len() == 44, "{key}");
        assert!(!is_api_key(&random::token().unwrap()));
        assert!(!is_api_key("e2b_") && !is_api_key("e2b_F0") && !is_api_key("e2b_test"));
    }

    #[test]
    fn only_the_whole_secret_is_the_same() {
        assert!(same(b"secret", b"secret"));
        assert!(!same(b"secreT", b"secret"));
        assert!(!same(b"secre", b"secret"));
        assert!(!same(b"", b"secret"));
    }
}
