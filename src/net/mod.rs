//! Small, general network parts that know no protocol of ours.
//!
//! [`http`] builds the one HTTP stack, [`lines`] cuts bytes into lines, [`backoff`] says when to try
//! again, [`random`] makes secrets and ids. Nothing here knows E2B, OpenCode, a session or the screen.

pub mod backoff;
pub mod http;
pub mod lines;
pub mod random;
