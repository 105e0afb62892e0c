//! Instants and durations in a few characters.

use std::time::Duration;

use crate::domain::time::UnixMillis;

fn day_seconds(at: UnixMillis, utc_offset_minutes: i16) -> u64 {
    const DAY: i128 = 86_400;
    let local = i128::from(at.0 / 1000) + i128::from(utc_offset_minutes) * 60;
    u64::try_from(local.rem_euclid(DAY)).unwrap_or(0)
}

/// When the user's day began.
pub(in crate::app) fn midnight(now: UnixMillis, utc_offset_minutes: i16) -> UnixMillis {
    let since = day_seconds(now, utc_offset_minutes) * 1000 + now.0 % 1000;
    UnixMillis(now.0.saturating_sub(since))
}

/// The user's clock at this moment.
#[derive(Debug, Clone, Copy)]
pub(in crate::app) struct LocalClock {
    wall: UnixMillis,
    utc_offset_minutes: i16,
}

impl LocalClock {
    pub(in crate::app) fn new(wall: UnixMillis, utc_offset_minutes: i16) -> Self {
        Self {
            wall,
            utc_offset_minutes,
        }
    }

    /// `14:32`.
    pub(in crate::app) fn minutes(self, at: UnixMillis) -> String {
        minutes(at, self.utc_offset_minutes)
    }

    /// How long ago an instant was.
    pub(in crate::app) fn age(self, at: UnixMillis) -> Duration {
        self.wall.since(at)
    }

    /// `14:32 (6m ago)`.
    pub(in crate::app) fn since(self, at: UnixMillis) -> String {
        let age = brief_seconds(self.age(at));
        format!("{} ({age} ago)", self.minutes(at))
    }
}

/// `14:32` on the user's clock.
pub(in crate::app) fn minutes(at: UnixMillis, utc_offset_minutes: i16) -> String {
    let s = day_seconds(at, utc_offset_minutes);
    format!("{:02}:{:02}", s / 3600, s / 60 % 60)
}

/// `14:32:07` on the user's clock.
pub(in crate::app) fn seconds(at: UnixMillis, utc_offset_minutes: i16) -> String {
    let s = day_seconds(at, utc_offset_minutes);
    format!("{:02}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60)
}

/// A running time: `0:42`, `12:03`, `1:02:03`.
pub(in crate::app) fn running(time: Duration) -> String {
    let s = time.as_secs();
    match s / 3600 {
        0 => format!("{}:{:02}", s / 60, s % 60),
        h => format!("{h}:{:02}:{:02}", s / 60 % 60, s % 60),
    }
}

/// How long something took or lasts: `0.6s`, `14s`, `12m`, `3h`, `2d`.
pub(in crate::app) fn brief(time: Duration) -> String {
    let s = time.as_secs();
    match s {
        0..10 => format!("{s}.{}s", time.subsec_millis() / 100),
        10..60 => format!("{s}s"),
        60..3600 => format!("{}m", s / 60),
        3600..86_400 => format!("{}h", s / 3600),
        _ => format!("{}d", s / 86_400),
    }
}

/// Like [`brief`], but in whole seconds: for running times.
pub(in crate::app) fn brief_seconds(time: Duration) -> String {
    match time.as_secs() {
        s @ 0..60 => format!("{s}s"),
        _ => brief(time),
    }
}

/// A finished time: `0.2s`, `6.1s`, `1m05s`.
pub(in crate::app) fn took(started: UnixMillis, ended: UnixMillis) -> String {
    let time = ended.since(started);
    match time.as_secs() {
        0..60 => format!("{:.1}s", time.as_secs_f64()),
        secs => format!("{}m{:02}s", secs / 60, secs % 60),
    }
}

/// The time of day, or how long ago it was if it was on another day.
pub(in crate::app) fn minutes_or_age(
    at: UnixMillis,
    wall: UnixMillis,
    utc_offset_minutes: i16,
) -> String {
    let day = |at: UnixMillis| {
        let local = i128::from(at.0 / 1000) + i128::from(utc_offset_minutes) * 60;
        local.div_euclid(86_400)
    };
    if day(at) == day(wall) {
        return minutes(at, utc_offset_minutes);
    }
    format!("{} ago", brief_seconds(wall.since(at)))
}

/// A number in a few characters: `940`, `12.4k`, `1.3M`.
pub(in crate::app) fn count(number: u64) -> String {
    let tenths = |unit: u64| {
        let tenths = number / (unit / 10);
        format!("{}.{}", tenths / 10, tenths % 10)
    };
    match number {
        0..1_000 => number.to_string(),
        1_000..1_000_000 => format!("{}k", tenths(1_000)),
        _ => format!("{}M", tenths(1_000_000)),
    }
}

/// An amount of US dollars: `$0.08`.
pub(in crate::app) fn dollars(amount: f64) -> String {
    if amount > 0.0 && amount < 0.005 {
        return "<$0.01".to_owned();
    }
    format!("${amount:.2}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_on_the_users_clock() {
        let at = UnixMillis(1_000 * (86_400 * 3 + 23 * 3600 + 59 * 60 + 7));

        assert_eq!(minutes(at, 0), "23:59");
        assert_eq!(seconds(at, 120), "01:59:07");
        assert_eq!(minutes(UnixMillis(0), -30), "23:30");
    }

    #[test]
    fn a_time_of_another_day_is_an_age() {
        let hour = |hour: u64| UnixMillis(1_000 * 3600 * hour);

        assert_eq!(minutes_or_age(hour(50), hour(60), 0), "02:00");
        assert_eq!(minutes_or_age(hour(46), hour(60), 0), "14h ago");
        assert_eq!(minutes_or_age(hour(46), hour(60), 120), "00:00");
    }

    #[test]
    fn numbers_are_short() {
        assert_eq!(count(940), "940");
        assert_eq!(count(12_460), "12.4k");
        assert_eq!(count(1_300_000), "1.3M");
        assert_eq!(dollars(0.084), "$0.08");
        assert_eq!(dollars(0.001), "<$0.01");
        assert_eq!(dollars(0.0), "$0.00");
    }

    #[test]
    fn durations_are_short() {
        let secs = Duration::from_secs;

        assert_eq!(running(secs(42)), "0:42");
        assert_eq!(running(secs(3723)), "1:02:03");
        assert_eq!(brief(Duration::from_millis(640)), "0.6s");
        assert_eq!(brief(secs(14)), "14s");
        assert_eq!(brief(secs(190_000)), "2d");
    }
}
