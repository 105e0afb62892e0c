//! How bytes of files travel: content encodings and ranges. Knows headers and no file.

use std::ops::Range;

/// How a download is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ContentEncoding {
    Identity,
    Gzip,
}

/// Chooses by `Accept-ContentEncoding`; `None` if nothing that we have is accepted (406).
pub(super) fn choose(accept: &str) -> Option<ContentEncoding> {
    let weight = |wanted: &str| {
        let mut found = None;
        for item in accept.split(',') {
            let mut parts = item.split(';').map(str::trim);
            let name = parts.next().unwrap_or_default();
            let weight = parts
                .find_map(|part| part.strip_prefix("q="))
                .map_or(1.0, |text| text.parse::<f32>().unwrap_or(0.0));
            if name.eq_ignore_ascii_case(wanted) {
                return Some(weight);
            }
            if name == "*" {
                found = Some(weight);
            }
        }
        found
    };
    let gzip = weight("gzip").unwrap_or(0.0);
    let identity = weight("identity").unwrap_or(1.0);
    let named = accept.split(',').any(|item| {
        item.trim_start()
            .to_ascii_lowercase()
            .starts_with("identity")
    });
    if gzip > 0.0 && (!named || gzip >= identity) {
        Some(ContentEncoding::Gzip)
    } else {
        (identity > 0.0).then_some(ContentEncoding::Identity)
    }
}

/// What of a file is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum RequestedRange {
    Whole,
    Bytes(Range<u64>),
    /// 416: it begins behind the end.
    Unsatisfiable,
}

/// Reads a `Range` header. Several ranges and what is no range are answered with the whole file,
/// which RFC 9110 (14.2) allows.
pub(super) fn part(header: Option<&str>, size: u64) -> RequestedRange {
    let Some((first, last)) = header
        .and_then(|text| text.trim().strip_prefix("bytes="))
        .and_then(|text| text.split_once('-'))
    else {
        return RequestedRange::Whole;
    };
    let (first, last) = (first.trim(), last.trim());
    let range = match (first.parse::<u64>(), last.parse::<u64>()) {
        (Ok(first), Ok(last)) if first <= last => first..last.saturating_add(1).min(size),
        (Ok(first), Err(_)) if last.is_empty() => first..size,
        (Err(_), Ok(count)) if first.is_empty() => size.saturating_sub(count)..size,
        _ => return RequestedRange::Whole,
    };
    if range.start >= size || range.is_empty() {
        RequestedRange::Unsatisfiable
    } else {
        RequestedRange::Bytes(range)
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn gzip_is_taken_when_asked_for_and_nothing_when_all_is_refused() {
        assert_eq!(choose(""), Some(ContentEncoding::Identity));
        assert_eq!(choose("gzip, deflate"), Some(ContentEncoding::Gzip));
        assert_eq!(choose("identity"), Some(ContentEncoding::Identity));
        assert_eq!(
            choose("gzip;q=0.5, identity"),
            Some(ContentEncoding::Identity)
        );
        assert_eq!(choose("gzip;q=0"), Some(ContentEncoding::Identity));
        assert_eq!(choose("br, identity;q=0"), None);
        assert_eq!(choose("*;q=0"), None);
    }

    #[test]
    fn ranges_are_cut_to_the_file() {
        assert_eq!(part(None, 10), RequestedRange::Whole);
        assert_eq!(part(Some("bytes=2-4"), 10), RequestedRange::Bytes(2..5));
        assert_eq!(part(Some("bytes=8-99"), 10), RequestedRange::Bytes(8..10));
        assert_eq!(part(Some("bytes=7-"), 10), RequestedRange::Bytes(7..10));
        assert_eq!(part(Some("bytes=-3"), 10), RequestedRange::Bytes(7..10));
        assert_eq!(part(Some("bytes=10-"), 10), RequestedRange::Unsatisfiable);
        assert_eq!(part(Some("bytes=4-2"), 10), RequestedRange::Whole);
        assert_eq!(part(Some("lines=1-2"), 10), RequestedRange::Whole);
    }

    proptest! {
        #[test]
        fn a_range_is_never_empty_nor_outside(header in "bytes=[0-9 ,-]*", size in any::<u64>()) {
            if let RequestedRange::Bytes(range) = part(Some(&header), size) {
                prop_assert!(range.start < range.end && range.end <= size);
            }
        }

        #[test]
        fn no_header_breaks_the_choice(header in "\\PC*") {
            let _ = choose(&header);
        }
    }
}
