//! The wall clock, read in one place. Pure rooms get the time from outside.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::domain::time::UnixMillis;

/// The time of this moment; before 1970 it is that of the epoch.
pub fn unix_now() -> UnixMillis {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    UnixMillis(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}
