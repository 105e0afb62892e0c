//! The server panel: MCP servers, language servers, formatters, costs.
//!
//! In reading order: `state` is what the server has told, `plugins` what it has said of those that failed, `rows` and `view` show it; `update` opens
//! the overlays and performs what is chosen in them.

mod plugins;
mod rows;
pub(in crate::app) mod state;
mod update;
mod view;
