//! Prices as people write them: dollars with up to six decimals, `0.0504`; zero for none.

use crate::domain::sandbox::price::MicroDollars;

/// A millionth has this many decimals.
const DECIMALS: usize = 6;

pub(in crate::config) fn parse(text: &str) -> Option<MicroDollars> {
    let (dollars, decimals) = text.trim().split_once('.').unwrap_or((text.trim(), "0"));
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    if !is_number(dollars) || !is_number(decimals) || decimals.len() > DECIMALS {
        return None;
    }
    let micros = format!("{decimals:0<DECIMALS$}").parse::<u64>().ok()?;
    let dollars = dollars.parse::<u64>().ok()?.checked_mul(1_000_000)?;
    dollars.checked_add(micros).map(MicroDollars)
}

/// Formats a price so that [`parse`] accepts it.
pub(in crate::config) fn print(price: MicroDollars) -> String {
    let text = format!("{}.{:06}", price.0 / 1_000_000, price.0 % 1_000_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn prices_have_up_to_six_decimals() {
        assert_eq!(parse("0.0504"), Some(MicroDollars(50_400)));
        assert_eq!(parse(" 2 "), Some(MicroDollars(2_000_000)));
        assert_eq!(parse("0"), Some(MicroDollars(0)));
        assert_eq!(parse("1.000001"), Some(MicroDollars(1_000_001)));
        for wrong in [
            "",
            ".",
            ".5",
            "5.",
            "-1",
            "+1",
            "1e3",
            "0.0000001",
            "0,05",
            "$1",
            "inf",
            "1.2.3",
            "99999999999999999999",
        ] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn a_printed_price_parses_again(micros in any::<u64>()) {
            prop_assert_eq!(parse(&print(MicroDollars(micros))), Some(MicroDollars(micros)));
        }
    }
}
