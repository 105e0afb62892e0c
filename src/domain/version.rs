//! The supported versions of OpenCode.

/// The version that is installed if no suitable one is found. To change it, change this constant
/// and run the tests, which install and use exactly this version.
pub const OPENCODE_VERSION: &str = "1.18.33";

/// Whether an OpenCode of this version speaks our protocol: at least 1.18, below 2.
pub fn opencode_fits(version: &str) -> bool {
    let mut numbers = version
        .trim()
        .trim_start_matches('v')
        .split(['.', '-', '+']);
    let mut next = || numbers.next().and_then(|part| part.parse::<u32>().ok());
    matches!((next(), next()), (Some(1), Some(minor)) if minor >= 18)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_from_1_18_to_below_2_fit() {
        for fits in [
            OPENCODE_VERSION,
            "1.18.0",
            "v1.19.2",
            "1.20",
            "1.18.40-beta.1",
        ] {
            assert!(opencode_fits(fits), "{fits}");
        }
        for other in ["1.17.99", "2.0.0", "0.18.1", "1", "", "latest", "1.x"] {
            assert!(!opencode_fits(other), "{other}");
        }
    }
}
