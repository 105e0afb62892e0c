//! The program in a real pseudo terminal, as a job of a shell and inside tmux.

mod changes;
mod clipboard;
mod composer;
mod history;
mod notifications;
mod screen;
mod server;
mod session_list;
mod shell;
mod suspend;
mod text_search;
mod tools;
mod unread_terminal;
mod whole_program;
