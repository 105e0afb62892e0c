//! The local sandbox server, with real processes.

mod client_disconnects;
mod daemon;
mod envd;
pub(crate) mod http_api;
mod http_clients;
mod inherited;
mod install;
mod isolation;
mod network;
mod pasta;
mod permission_rules;
mod provider_key_rules;
mod request_faults;
mod run_command;
mod server_process;
mod snapshots_and_forks;
mod soak;
mod system_calls;
