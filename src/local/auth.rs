//! Secrets, compared without a timing trace, and the ids of sandboxes.

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
    fn only_the_whole_secret_is_the_same() {
        assert!(same(b"secret", b"secret"));
        assert!(!same(b"secreT", b"secret"));
        assert!(!same(b"secre", b"secret"));
        assert!(!same(b"", b"secret"));
    }
}
