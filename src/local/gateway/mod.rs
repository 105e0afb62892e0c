//! What comes in from outside: accepts connections, and routes each request to the control plane, to a
//! sandbox's envd, or to a port in a sandbox.
//!
//! It knows HTTP and which sandbox has which token; it knows no route of the control plane and no call of
//! envd, which it gets as routers.
//!
//! In reading order: [`accept`], [`route`], [`proxy`], [`drain_body`], [`activity`].

pub(super) mod accept;
pub(super) mod activity;
pub(super) mod drain_body;
pub(super) mod proxy;
pub(super) mod route;
