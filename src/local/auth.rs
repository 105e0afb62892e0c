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
    fn a_new_key_has_the_form_of_e2b_s_own() {
        let key = api_key().unwrap();
        // The SDKs send no other: the prefix and lower-case hexadecimal digits.
        let digits = key.strip_prefix(KEY_PREFIX).unwrap();
        let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);

        assert!(digits.len() == 40 && digits.bytes().all(is_hex), "{key}");
    }

    #[test]
    fn only_the_whole_secret_is_the_same() {
        assert!(same(b"secret", b"secret"));
        assert!(!same(b"secreT", b"secret"));
        assert!(!same(b"secre", b"secret"));
        assert!(!same(b"", b"secret"));
    }
}
