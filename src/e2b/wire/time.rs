//! RFC 3339 instants of the control plane, to and from milliseconds since 1970 (UTC).
//!
//! Only E2B's format: a date, a time, up to nine decimals, `Z` or a numeric offset. The calendar is the proleptic
//! Gregorian one, by the well-known days-from-civil arithmetic; leap seconds are rejected.

const DAY: i64 = 86_400;

/// Parses an instant such as `2026-11-23T09:14:15.392Z`; decimals after the third are cut off.
pub fn unix_millis(text: &str) -> Option<i64> {
    let (year, rest) = number(text, 4)?;
    let (month, rest) = number(rest.strip_prefix('-')?, 2)?;
    let (day, rest) = number(rest.strip_prefix('-')?, 2)?;
    let (hour, rest) = number(rest.strip_prefix(['T', 't', ' '])?, 2)?;
    let (minute, rest) = number(rest.strip_prefix(':')?, 2)?;
    let (second, rest) = number(rest.strip_prefix(':')?, 2)?;
    let (millis, rest) = decimals(rest)?;
    let offset = offset_secs(rest)?;
    let in_range = (1..=12).contains(&month)
        && (1..=days_in(year, month)).contains(&day)
        && hour < 24
        && minute < 60
        && second < 60;
    let secs = days_from_civil(year, month, day) * DAY + hour * 3600 + minute * 60 + second;
    in_range.then_some((secs - offset) * 1000 + millis)
}

/// Formats an instant with three decimals and `Z`, as E2B does. Clamped to year 9999.
pub fn to_rfc3339(unix_millis: i64) -> String {
    const FIRST: i64 = -62_167_219_200_000; // 0000-01-01T00:00:00.000Z
    const LAST: i64 = 253_402_300_799_999; // 9999-12-31T23:59:59.999Z
    let clamped = unix_millis.clamp(FIRST, LAST);
    let (secs, millis) = (clamped.div_euclid(1000), clamped.rem_euclid(1000));
    let (days, second_of_day) = (secs.div_euclid(DAY), secs.rem_euclid(DAY));
    let (year, month, day) = civil_from_days(days);
    let (hour, minute, second) = (
        second_of_day / 3600,
        second_of_day / 60 % 60,
        second_of_day % 60,
    );
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z")
}

/// Parses exactly `digits` leading ASCII digits.
fn number(text: &str, digits: usize) -> Option<(i64, &str)> {
    let (head, rest) = text.split_at_checked(digits)?;
    let all_digits = head.bytes().all(|byte| byte.is_ascii_digit());
    all_digits
        .then(|| head.parse().ok())
        .flatten()
        .map(|value| (value, rest))
}

/// Parses an optional fraction of a second, in milliseconds.
fn decimals(text: &str) -> Option<(i64, &str)> {
    let Some(fraction) = text.strip_prefix('.') else {
        return Some((0, text));
    };
    let end = fraction
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(fraction.len());
    let (digits, rest) = fraction.split_at_checked(end)?;
    if digits.is_empty() || digits.len() > 9 {
        return None;
    }
    let millis = format!("{digits:0<3}").get(..3)?.parse().ok()?;
    Some((millis, rest))
}

fn offset_secs(text: &str) -> Option<i64> {
    if matches!(text, "Z" | "z") {
        return Some(0);
    }
    let (sign, rest) = match text.strip_prefix('+') {
        Some(rest) => (1, rest),
        None => (-1, text.strip_prefix('-')?),
    };
    let (hours, rest) = number(rest, 2)?;
    let (minutes, rest) = number(rest.strip_prefix(':')?, 2)?;
    (rest.is_empty() && hours < 24 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60))
}

fn days_in(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970-01-01. Years begin in March, so that the leap day is the last one.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let shifted = if month <= 2 { year - 1 } else { year };
    let era = shifted.div_euclid(400);
    let year_of_era = shifted.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 {
        march_month + 3
    } else {
        march_month - 9
    };
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_instant_is_read_with_any_number_of_decimals_and_any_offset() {
        assert_eq!(unix_millis("1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(
            unix_millis("2026-11-23T09:12:15.392Z"),
            Some(1_795_425_135_392)
        );
        assert_eq!(
            unix_millis("2026-11-23T09:12:15.392999999Z"),
            Some(1_795_425_135_392)
        );
        assert_eq!(
            unix_millis("2026-11-23T10:12:15.3+01:00"),
            Some(1_795_425_135_300)
        );
    }

    #[test]
    fn an_invalid_instant_is_rejected() {
        for text in [
            "",
            "2026",
            "2026-02-29T00:00:00Z",
            "2026-11-23T24:00:00Z",
            "2026-11-23T09:12Z",
        ] {
            assert_eq!(unix_millis(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn printing_and_reading_gives_the_same_instant(
            millis in -62_167_219_200_000_i64..=253_402_300_799_999,
        ) {
            prop_assert_eq!(unix_millis(&to_rfc3339(millis)), Some(millis));
        }

        #[test]
        fn no_text_makes_the_reader_panic(text in ".{0,40}") {
            let _ = unix_millis(&text);
        }
    }
}
