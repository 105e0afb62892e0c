//! Time in the model. Knows no clock: each event brings the time.
//!
//! In reading order: `clock_reading` holds both clocks at the last event, `format` formats times and durations.

pub(super) mod clock_reading;
pub(super) mod format;
