//! The one integration test binary. A new file must be named in the `mod.rs` of its folder, or a test fails.
//!
//! Each behaviour is tested at the lowest level that would notice its fault; only real parts are used, no mock of a
//! client or a server exists, and tests reach nothing but loopback.
//!
//! | Level | What | How | Where |
//! |---|---|---|---|
//! | reducer | given these events, this state and these effects | `update` called directly | `src/app/**` |
//! | view | what is seen | snapshots of the drawn buffer | `src/app/**` |
//! | property | parsers, wrapping, streaming, key names | proptest: any input, any cutting | beside the code |
//! | loop | pacing, floods, cancellation | the real event loop, keys from a channel | `src/tui/**` |
//! | protocol | clients and the embedded server, with real processes | in process, port 0, temporary directory | here |
//! | session | a session's life with the real `opencode serve` and the demo model | one file a scenario | here |
//! | end to end | the binary in a pseudo terminal | `support::screen`: wait for text, never sleep | here |
//! | borders | who may import what, length of files, banned words | `architecture` reads `src/` | here |
//!
//! The tests install what they need beyond the README's list, once: see `support::set_up`. What a machine may lack
//! is in `support::optional`; `tests/summary` lists at the end what was not covered for that reason, and the slowest
//! tests.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on fails, and says where"
)]

#[path = "../support/mod.rs"]
mod support;

mod app;
mod e2b;
mod local;
mod meta;
mod opencode;
mod session;
mod terminal;
