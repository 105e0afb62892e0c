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

pub mod boot;
pub mod chat;
pub mod code;
pub mod context;
mod failures;
mod logs;
pub mod recorder;
mod run;
pub mod sandbox;
pub mod settings;
pub mod snapshot;
pub mod supervisor;
pub mod timing;
pub mod watch;
