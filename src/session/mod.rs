//! One session's life; knows sandboxes and conversations, no terminal.
//!
//! [`supervisor`] owns the tasks, `driver` is the life of one of them in order: `boot`, then one `connection` after
//! another, with `serving` holding what outlives them and `outcome` saying how they end; `inbox` brings it commands, and `inquiry` what the control plane
//! says while the line is lost. [`follow_chat`] turns a
//! server's events into a conversation's, after [`fetch`] has brought what the server holds, with the words of
//! [`translate`]; [`mailbox`] brings them to a listener of any speed; [`history`] knows how far back a conversation
//! is loaded; [`follow_end`] says why it is followed no more; `snapshot` keeps what [`revive`] and [`kept`] need
//! once the sandbox is gone; [`adopt`] takes up a sandbox that was made elsewhere; [`strangers`] tells which have
//! no session; [`removal`] leaves nothing of one; [`visit`] is for commands that only look into a sandbox, and
//! [`shell`] for those who want to be in it themselves; [`clone_access`] holds what lets git in at a private
//! repository; [`timing`] holds every duration. [`listing`] reads what an engine says of sandboxes, `lifecycle`
//! resumes, pauses and kills them, and `script` makes processes of our scripts.
//! A session that is not open is watched by [`watch`], which asks its server by `server_access` and keeps
//! what is heard in `activity`.
//! The server's output is `follow_logs`'s, which reads it by `log_file`, makes lines of it by
//! `log_lines`, and hears of the server's end from `watch_process`; `running` finds and ends processes that
//! envd has forgotten.

mod activity;
pub mod adopt;
mod boot;
mod boot_code;
mod boot_cx;
mod boot_install;
mod boot_sandbox;
mod boot_server;
pub mod clone_access;
pub mod closing;
pub mod code;
mod commands;
mod connection;
mod driver;
mod egress;
mod events;
pub mod fetch;
pub mod follow_chat;
pub mod follow_end;
mod follow_logs;
pub mod history;
mod inbox;
mod inquiry;
pub mod kept;
pub mod late_keys;
mod lifecycle;
pub mod listing;
mod log_file;
mod log_lines;
pub mod mailbox;
mod marker;
mod outages;
mod outcome;
mod place;
mod prompt_delivery;
mod recorder;
pub mod removal;
pub mod reservation;
pub mod revive;
mod running;
mod sandbox;
mod script;
mod server;
mod server_access;
mod serving;
pub mod settings;
pub mod shell;
mod snapshot;
pub mod strangers;
pub mod supervisor;
pub mod timing;
pub mod translate;
pub mod visit;
pub mod watch;
mod watch_process;
mod words;
pub mod world;
