//! What sandbar uses of the operating system besides processes and sockets. Nothing here knows a session.
//!
//! `clock` is the wall clock, `regular_file` opens files by name, `private_file` writes files for their owner alone,
//! `keyring` looks up keys in the keyring of the desktop.

pub mod clock;
pub mod keyring;
pub mod private_file;
pub mod regular_file;
