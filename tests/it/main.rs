//! The one integration test binary. A new file here must be named below, or a test fails.
//!
//! Each behaviour is tested at the lowest level that would notice its fault; only real parts are used, no
//! mock of a client or a server exists, and nothing but loopback is reached while a test runs.
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
//! What the tests need beyond what the README names they install themselves, once: see `support::set_up`. What a
//! machine may lack is in `support::optional`; `tests/summary` lists at the end what was not covered for it, and
//! how long the slowest tests took.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on fails, and says where"
)]

#[path = "../support/mod.rs"]
mod support;

mod adopt;
mod architecture;
mod attach;
mod cli;
mod clipboard;
mod code;
mod daemon;
mod day;
mod demo;
mod doctor;
mod e2b_cli;
mod egress;
mod errors;
mod faults;
mod forgotten;
mod herd;
mod inherited;
mod install;
mod isolation;
mod keyring;
mod kill9;
mod lifetime;
mod local;
mod local_envd;
mod local_faults;
mod local_hangups;
mod local_judged;
mod local_network;
mod local_pasta;
mod local_server;
mod local_session;
mod local_snapshots;
mod local_wire;
mod logs;
mod opencode_client;
mod opencode_server;
mod paused;
mod revive;
mod screen;
mod sdk;
mod secrets;
mod session_list;
mod session_states;
mod shell;
mod sleep;
mod soak;
mod suspend;
mod system_calls;
mod terminal;
mod together;
mod unread_terminal;
mod watch;
mod wire_types;
