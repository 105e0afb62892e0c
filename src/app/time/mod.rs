//! Time in the model. Knows no clock: each event brings the time.
//!
//! In reading order: `clock_reading` is both clocks at the last event, `format` writes times and durations in a few
//! characters.

pub(super) mod clock_reading;
pub(super) mod format;
