//! The program as its users see it: commands and panes, with the real server if needed.

mod attach;
mod commands;
mod demo;
mod doctor;
mod errors;
mod keyring;
mod secrets;
mod session_list;
mod session_states;
