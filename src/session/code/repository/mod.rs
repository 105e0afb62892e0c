//! The work of a session in the user's own repository.
//!
//! In: a work tree on this machine, and a patch that a sandbox or a snapshot has made. `related` says whether they
//! belong together, `apply` changes the work tree's files, with `merge` where both sides have changed;
//! `fetch` makes a branch of a bundle. Knows no sandbox, and never runs what a patch contains.

pub(crate) mod apply;
pub(crate) mod fetch;
#[cfg(test)]
mod fetch_tests;
pub(crate) mod merge;
pub(crate) mod related;
