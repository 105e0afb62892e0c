//! Client of an OpenCode server (1.x line); knows no sandbox, no session of ours and no screen.
//!
//! [`client`] makes the calls, [`events`] follows the event stream, [`wire`] names things as the
//! server does, [`error`] tells what failed. Facts were observed on 1.18.33 unless a comment says
//! otherwise; the shapes follow the server's own OpenAPI document.

pub mod client;
pub mod error;
pub mod events;
pub mod wire;
