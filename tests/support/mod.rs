//! What the integration tests stand on: real programs, installed and started for them.

pub(crate) mod fault_proxy;
pub(crate) mod home;
pub(crate) mod http;
pub(crate) mod opencode;
pub(crate) mod screen;
pub(crate) mod set_up;
pub(crate) mod slot;
pub(crate) mod source;
