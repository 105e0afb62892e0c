//! Small, general networking parts that know none of our protocols.
//!
//! [`http`] builds the one HTTP stack, [`lines`] splits bytes into lines, [`backoff`] says when to retry, [`random`]
//! makes secrets and ids, [`url`] removes what must not be shown from URLs, [`npm`] reports the progress of an
//! install. Nothing here knows E2B, OpenCode, a session or the screen.

pub mod backoff;
pub mod http;
pub mod lines;
pub mod npm;
pub mod random;
pub mod url;
