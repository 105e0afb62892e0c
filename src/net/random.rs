//! The system's random source: for secrets, ids and seeds.

use std::fmt::Write as _;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::io;

/// Random bytes, good enough for secrets.
pub fn bytes<const N: usize>() -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| io::Error::other(error.to_string()))?;
    Ok(bytes)
}

/// 32 random bytes in hex: the format of envd's own tokens.
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

/// A random number in `0.0..=1.0`, so that clients which lost the same network at the same instant do not retry at
/// the same instant.
pub fn jitter() -> f64 {
    // Each state has its own keys; that is random enough, and the system is asked only once.
    let random = RandomState::new().build_hasher().finish();
    f64::from(u32::try_from(random >> 32).unwrap_or(0)) / f64::from(u32::MAX)
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

    #[test]
    fn numbers_that_are_asked_for_at_once_are_far_apart() {
        let numbers: Vec<f64> = (0..1000).map(|_| jitter()).collect();

        // Each tenth gets about a hundred of a thousand.
        for tenth in 0..10_u32 {
            let from = f64::from(tenth) / 10.0;
            let there = numbers
                .iter()
                .filter(|one| (from..from + 0.1).contains(*one));
            let count = there.count();
            assert!((20..300).contains(&count), "{count} from {from}");
        }
    }
}
