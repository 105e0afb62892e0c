//! sandbar: one calm terminal for coding agents that run in sandboxes.
//!
//! Every session is one E2B sandbox that runs `opencode serve`; sandbar starts it, keeps it alive,
//! shows what it does, brings its work home, and loses nothing. This page is the architecture.
//!
//! # The way of the data
//!
//! ```text
//!  crossterm ─► tui::input ─┐                                        ┌─► app view ─► frame
//!                           ▼                                        │
//!                         Event ─► App::update(Event, &mut Cx) ──────┤
//!                           ▲                                        │
//!  sandbox ─► session task ─┘                                        └─► effects ─► tui::effects
//!     ▲                                                                                 │
//!     └──────────── session::supervisor ◄────────── SessionCommand ◄────────────────────┘
//! ```
//!
//! One circle, one direction. All that is seen is one model, [`app::App`], changed only by `update`;
//! drawing is a function of it. What happens in parallel is outside: one supervised task for each
//! session, which takes [`domain::session::SessionCommand`]s and tells
//! [`domain::session::SessionEvent`]s. The one feedback edge is plain data: drawing returns a
//! viewport, which the loop stores in the model, because scrolling needs to know what was drawn.
//!
//! # The parts, in reading order
//!
//! | part | what it is for |
//! |---|---|
//! | [`domain`] | the nouns that all share; `std` only |
//! | [`app`] | the model, its update and its views; pure |
//! | [`text`] | text to styled lines: Markdown, diffs, wrapping; makes hostile text harmless |
//! | [`tui`] | the shell around `app`: terminal, input, frames, effects |
//! | [`session`] | one task for each session: boot, connection, prompts, record, snapshot, revival |
//! | [`engine`] | finds or starts what sandboxes come from: E2B, or the local server |
//! | [`opencode`] | client of an OpenCode server |
//! | [`e2b`] | client of the E2B API: control plane, envd, hosts |
//! | [`local`] | the E2B-compatible server for sandboxes on this machine |
//! | [`demo`] | the scripted model for use without an account |
//! | [`rules`] | rules of the user that answer permissions |
//! | [`store`] | SQLite: sessions, transcripts, drafts, queues |
//! | [`config`] | defaults, file, environment, flags; paths; credentials; our own log |
//! | [`net`] | HTTP client set-up, lines, back-off |
//! | [`os`] | the wall clock, the keyring of the desktop, private files, files opened by name |
//! | [`cli`] | the commands, a file for each |
//!
//! The large parts are cut into folders: [`app`] by what is on the screen, [`session`] by what a task does, [`local`]
//! by what the server consists of. Each folder's `mod.rs` says what it is for and in which order to read it, and
//! `tests/it/meta/architecture/folders.rs` which folder may import which.
//!
//! # Glossary
//!
//! | word | meaning |
//! |---|---|
//! | session | what the user starts, names and lists: one sandbox with one conversation; stored |
//! | conversation | what OpenCode calls a session: messages and their parts, on its server |
//! | sandbox | E2B's word: a machine of one's own, remote or local |
//! | engine | where sandboxes come from: E2B's cloud or the local server |
//! | control plane | the API that creates, lists, pauses and kills sandboxes |
//! | envd | the daemon in a sandbox that runs processes and serves files |
//! | template | what a sandbox is created from |
//! | boot | from nothing to an OpenCode server that answers, in stages |
//! | driver | the task of a session; it holds the session's lock, and alone posts prompts |
//! | connection | one event stream of an OpenCode server with the calls beside it |
//! | turn | a prompt and all that the agent does until it is idle |
//! | prompt | what the user sends; its id makes sending it again harmless |
//! | delivery | the states of a prompt from the composer to the server |
//! | request | a permission or a question: the turn waits for the user |
//! | resync | a conversation as fetched; it replaces what earlier events have reported |
//! | run | the time from a sandbox's creation or resumption to its next pause or end |
//! | snapshot | code and conversations as recorded on this machine after a turn |
//! | revive | create a new sandbox for a gone session from its last snapshot |
//! | adopt | make a session of a sandbox that another sandbar created |
//! | unattached sandbox | a sandbox of the account without a session in this store |
//! | advice | what can be done about a failure; each surface words it with its own keys or commands |
//!
//! # What never happens
//!
//! 1. `app` performs nothing; it describes. A test of any behaviour is a list of events.
//! 2. Only `session::chat::translate` knows both OpenCode's words and ours.
//! 3. The clients [`e2b`] and [`opencode`] know neither each other nor the screen.
//! 4. [`local`] never uses a client; it shares only wire types with [`e2b`].
//! 5. Nothing global: no `static` with state; the environment is read once, by `config::Env`.
//! 6. The seam for tests is a URL, not a trait; no mock of a server exists.
//! 7. Wire types are serialised, domain types are not; the store has its own rows.
//! 8. Secrets are `secrecy` types from the moment they are read.
//! 9. No view iterates over history; it asks for a window.
//!
//! `tests/it/meta/architecture.rs` holds the borders.
//!
//! # Where to begin
//!
//! A new kind of part: `opencode/wire/part.rs` → `session/chat/translate/` → [`domain::chat`] →
//! `app/chat/view/part.rs`. A new key: `app/input/keymap/table.rs`. A new command: `cli/args.rs`. A new setting:
//! `config/`. A new thing that a session can do: [`domain::session::SessionCommand`] →
//! `session/run/commands.rs`.

pub mod app;
pub mod cli;
pub mod config;
pub mod demo;
pub mod domain;
pub mod e2b;
pub mod engine;
// The one place that asks for the system: the server itself is for Linux alone.
#[cfg_attr(not(target_os = "linux"), path = "local/unsupported.rs")]
pub mod local;
pub mod net;
pub mod opencode;
pub mod os;
pub mod rules;
pub mod session;
pub mod store;
pub mod text;
pub mod tui;
