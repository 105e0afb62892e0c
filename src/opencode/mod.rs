//! Client of an OpenCode server (1.x); knows no sandbox, no session of ours and no screen.
//!
//! [`client`] makes the calls, [`events`] follows the event stream, [`wire`] has the server's own types, [`error`]
//! classifies failures. Facts were observed on 1.18.33 unless a comment says otherwise; the shapes follow the
//! server's own OpenAPI document.

pub mod client;
pub mod error;
pub mod events;
pub mod wire;
