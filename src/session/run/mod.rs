//! TODO

pub(super) mod commands;
pub(super) mod connection;
pub(super) mod driver;
pub(super) mod events;
pub(super) mod inbox;
pub(super) mod inquiry;
pub(super) mod outcome;
pub(super) mod prompt_delivery;
pub(super) mod retry_state;
pub(super) mod server;
pub(super) mod state;
