//! How a sandbox with a network of its own gets out: through an HTTP proxy that this server serves inside the
//! sandbox, which enforces the sandbox's network rules.
//!
//! It knows addresses, names, HTTP and TLS. It knows no sandbox, only the rules, the environment and the
//! share of descriptors that it is given.
//!
//! In reading order: [`forward_proxy`] with [`proxy_request`]; where it may go: [`rules`], [`host_pattern`]
//! and [`blocked_hosts`]; what it writes into requests: [`rewrite`], [`tls_intercept`] and [`ca`]; and
//! [`trust_bundle`], the certificates that a sandbox's programs trust.

pub(super) mod blocked_hosts;
pub(super) mod ca;
pub(super) mod forward_proxy;
mod host_pattern;
mod proxy_request;
mod rewrite;
pub(super) mod rules;
pub(super) mod tls_intercept;
pub(super) mod trust_bundle;
