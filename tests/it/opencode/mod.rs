//! The OpenCode client against the real server, and what it reads of it.

mod client;
mod server;
mod wire_types;
