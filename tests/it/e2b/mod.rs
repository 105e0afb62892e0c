//! E2B's official clients and rules against the local sandbox server.

mod cli;
mod compatibility;
pub(crate) mod sdk;
