//! Sizes and counts as people write them: `8g`, `512m`, `4096`; `none` for no limit.

/// Units from the largest to the smallest.
const UNITS: [(char, u64); 4] = [
    ('t', 1 << 40),
    ('g', 1 << 30),
    ('m', 1 << 20),
    ('k', 1 << 10),
];

/// Parses a number above zero with at most one unit; `Some(None)` means no limit.
#[expect(clippy::option_option, reason = "not readable, no limit, a limit")]
pub(in crate::config) fn parse(text: &str) -> Option<Option<u64>> {
    let text = text.trim().to_ascii_lowercase();
    if text == "none" {
        return Some(None);
    }
    let unit = UNITS
        .iter()
        .find_map(|(unit, factor)| Some((text.strip_suffix(*unit)?, *factor)));
    let (digits, factor) = unit.unwrap_or((&text, 1));
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number = digits.parse::<u64>().ok()?.checked_mul(factor)?;
    (number > 0).then_some(Some(number))
}

/// Formats a size so that [`parse`] accepts it.
pub(in crate::config) fn print(size: Option<u64>) -> String {
    let Some(size) = size else {
        return "none".to_owned();
    };
    let whole = UNITS
        .iter()
        .find(|(_, factor)| size >= *factor && size.is_multiple_of(*factor));
    match whole {
        Some((unit, factor)) => format!("{}{unit}", size / factor),
        None => size.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn sizes_have_one_unit_or_none() {
        assert_eq!(parse("8g"), Some(Some(8 << 30)));
        assert_eq!(parse(" 512M "), Some(Some(512 << 20)));
        assert_eq!(parse("4096"), Some(Some(4096)));
        assert_eq!(parse("none"), Some(None));
        for wrong in [
            "",
            "0",
            "g",
            "8 g",
            "1.5g",
            "-1",
            "8gb",
            "99999999999999999999",
            "+3",
        ] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn a_printed_size_parses_again(size in 1..u64::MAX) {
            prop_assert_eq!(parse(&print(Some(size))), Some(Some(size)));
        }
    }
}
