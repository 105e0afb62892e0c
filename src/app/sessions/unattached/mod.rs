//! The account's unattached sandboxes: those that belong to no session here.
//!
//! In reading order: `refresh` says when they are listed, `rows` holds them below the sessions,
//! `pending_action` is the operation on one of them; `update` performs what the user wants of them,
//! and `view` draws them.

mod pending_action;
pub(in crate::app) mod refresh;
mod rows;
mod update;
mod view;

pub(in crate::app) use pending_action::PendingAction;
