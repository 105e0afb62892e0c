//! What a session survives: crashes, lost connections, paused and lost sandboxes, other clients.

mod adopt;
mod code;
mod connection_faults;
mod crash_recovery;
mod logs;
mod machine_suspend;
mod memory_growth;
mod paused;
mod reconnect_storm;
mod revive;
mod time_left;
mod two_clients;
mod watch;
