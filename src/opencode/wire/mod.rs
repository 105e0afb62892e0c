//! OpenCode's own names and shapes, as the 1.x server sends and takes them.
//!
//! Every type is read with patience: absent fields get defaults, a field of a wrong type in a place
//! that tools and plugins may fill is treated as absent, an element that cannot be read never spoils
//! its list. What is not needed is not kept; above all not the keys in provider listings.

pub mod error_info;
pub mod event;
pub(in crate::opencode) mod lenient;
pub mod message;
pub mod part;
pub mod provider;
pub mod request;
pub mod session;
pub(in crate::opencode) mod surrogates;

#[cfg(test)]
mod tests;
