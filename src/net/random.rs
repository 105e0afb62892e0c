//! The system's randomness: for secrets, ids and seeds.

use std::fmt::Write as _;
use std::io;

/// Random bytes, good enough for secrets.
pub fn bytes<const N: usize>() -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| io::Error::other(error.to_string()))?;
    Ok(bytes)
}

/// 32 random bytes in hex: the form of envd's own tokens.
pub fn token() -> io::Result<String> {
    hex::<32>()
}

/// Random bytes as lower-case hex digits, two for each.
pub fn hex<const N: usize>() -> io::Result<String> {
    let mut text = String::with_capacity(2 * N);
    for byte in bytes::<N>()? {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_64_hexadecimal_digits_and_differ() {
        let (one, other) = (token().unwrap(), token().unwrap());

        assert_eq!(one.len(), 64);
        assert!(one.bytes().all(|byte| byte.is_ascii_hexdigit()));
        assert_ne!(one, other);
    }
}
