//! Small, general network parts that know no protocol of ours.
//!
//! [`http`] builds the one HTTP stack, [`lines`] cuts bytes into lines, [`backoff`] says when to try
//! again, [`random`] makes secrets and ids, [`url`] takes out of URLs what must not be shown, [`npm`] says how
//! an install gets on. Nothing here knows E2B, OpenCode, a session or the screen.

pub mod backoff;
pub mod http;
pub mod lines;
pub mod npm;
pub mod random;
pub mod url;
