//! The OpenCode client against the real server, and the parsing of its responses.

mod client;
mod server;
mod wire_types;
