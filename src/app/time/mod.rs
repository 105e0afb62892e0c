//! Time in the model. Knows no clock: each event brings the time.
//!
//! In reading order: `clock_reading` holds both clocks at the last event, `server_clock` the offset of a server's
//! clock, `format` formats times and durations.

pub(super) mod clock_reading;
pub(super) mod format;
pub(super) mod server_clock;
