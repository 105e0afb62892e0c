//! OpenCode's own names and shapes, as the 1.x server sends and accepts them.
//!
//! Every type is parsed leniently: absent fields get defaults, a field of a wrong type that tools and plugins may
//! fill is treated as absent, an unreadable element never spoils its list. What is not needed is not stored; above
//! all not the keys in provider listings.

pub mod command;
pub mod error_info;
pub mod event;
pub(in crate::opencode) mod lenient;
pub mod login;
pub mod message;
pub mod part;
pub mod provider;
pub mod request;
pub mod session;
pub mod status;
pub(in crate::opencode) mod surrogates;
pub mod tool_metadata;

#[cfg(test)]
mod tests;
