//! Which folder inside a room may import which other.
//!
//! Files directly in a room are shared: all of its folders may use them.

use std::collections::BTreeSet;

use super::imports::{Import, imports};
use super::sources;
use crate::support::source::SourceFile;

/// The imports allowed to one folder from the room's other folders.
struct Folder {
    /// Below `src/`.
    path: &'static str,
    /// Folders or files beside it, as `sandbox` or `sandbox/log.rs`.
    may_import: &'static [&'static str],
    why: &'static str,
}

/// The rooms whose folders are all in [`FOLDERS`].
const ROOMS: &[&str] = &["local", "session", "app"];

/// From the bottom up: lower folders know nothing of higher ones.
const FOLDERS: &[Folder] = &[
    Folder {
        path: "local/interface",
        may_import: &[],
        why: "plain data, the same on every system",
    },
    Folder {
        path: "local/isolation",
        may_import: &["interface"],
        why: "knows the kernel, and no sandbox's record",
    },
    Folder {
        path: "local/limits",
        may_import: &["interface"],
        why: "knows the kernel and processes by their numbers, and no sandbox",
    },
    Folder {
        path: "local/network",
        may_import: &["limits"],
        why: "gets its rules, and knows neither sandboxes nor the registry",
    },
    Folder {
        path: "local/helper",
        // The port on which the server itself listens inside a sandbox.
        may_import: &["isolation", "limits", "network/forward_proxy.rs"],
        why: "starts and ends processes; what they are for is others' business",
    },
    Folder {
        path: "local/process",
        // The sandbox's log records starts and ends of processes.
        may_import: &[
            "helper",
            "interface",
            "isolation",
            "limits",
            "sandbox/log.rs",
        ],
        why: "a process does not know whose it is",
    },
    Folder {
        path: "local/sandbox",
        // Polled watchers belong to a run and end with it.
        may_import: &[
            "envd/watch.rs",
            "helper",
            "interface",
            "isolation",
            "limits",
            "network",
            "process",
        ],
        why: "a sandbox's life is the same whoever asks for it: no API, no gateway, no server",
    },
    Folder {
        path: "local/envd",
        may_import: &["helper", "isolation", "process", "sandbox"],
        why: "one sandbox's files and processes; it does not know the control plane",
    },
    Folder {
        path: "local/api",
        may_import: &["interface", "network/rules.rs", "sandbox"],
        why: "reaches processes, isolation and limits through sandboxes only",
    },
    Folder {
        path: "local/gateway",
        // Reading the server's status does not count as use.
        may_import: &["api/status.rs", "envd", "helper", "sandbox"],
        why: "gets the control plane's routes as a router, and knows none of them",
    },
    Folder {
        path: "local/server",
        may_import: &[
            "api",
            "envd",
            "gateway",
            "interface",
            "isolation",
            "limits",
            "sandbox",
        ],
        why: "puts the server together; processes and networks are the sandboxes' business",
    },
    Folder {
        path: "session/server",
        // How a connection ends, and what a server says of a conversation: the words of those who ask.
        may_import: &[
            "chat",
            "code",
            "context",
            "recorder",
            "run/outcome.rs",
            "sandbox",
            "watch/activity.rs",
        ],
        why: "calls OpenCode for whoever has a session; it runs no task",
    },
    Folder {
        path: "session/chat",
        may_import: &["context"],
        why: "follows a conversation, and knows no sandbox, no queue and no store",
    },
    Folder {
        path: "session/code",
        may_import: &[],
        why: "packs git work trees and takes work into them; it knows no sandbox",
    },
    Folder {
        path: "session/recorder",
        may_import: &["context"],
        why: "writes what it is given; it asks neither a sandbox nor a server",
    },
    Folder {
        path: "session/logs",
        may_import: &["context", "recorder", "sandbox"],
        why: "follows output and the end of a process, and knows no conversation",
    },
    Folder {
        path: "session/sandbox",
        may_import: &["context", "logs", "recorder", "code"],
        why: "resumes, pauses, kills and looks into sandboxes, whether a task runs or not",
    },
    Folder {
        path: "session/watch",
        may_import: &["chat", "context", "recorder", "sandbox"],
        why: "only reads: it starts nothing and keeps no lock",
    },
    Folder {
        path: "session/snapshot",
        may_import: &["boot", "code", "context", "recorder", "sandbox", "server"],
        why: "takes and restores; when that is due is the task's business",
    },
    Folder {
        path: "session/boot",
        may_import: &[
            "code", "context", "logs", "recorder", "sandbox", "server", "snapshot",
        ],
        why: "ends with a server that answers; it does not know what the task does then",
    },
    Folder {
        path: "session/adopt",
        may_import: &["boot", "chat", "context", "recorder", "sandbox", "server"],
        why: "makes a stored session, and opens none",
    },
    Folder {
        path: "session/run",
        may_import: &[
            "boot", "chat", "context", "recorder", "sandbox", "server", "snapshot",
        ],
        why: "runs one session's task, and uses what stands below it",
    },
    Folder {
        path: "session/context",
        may_import: &[],
        why: "what all sessions share is made before any of them",
    },
    Folder {
        path: "app/action",
        may_import: &[],
        why: "names what may be wanted, and does nothing",
    },
    Folder {
        path: "app/input",
        may_import: &["action"],
        why: "knows no pane: whoever has the focus tells it the context",
    },
    Folder {
        path: "app/time",
        may_import: &[],
        why: "gets the time from events",
    },
    Folder {
        path: "app/logs",
        may_import: &["action", "time", "view"],
        why: "a pane knows no other pane",
    },
    Folder {
        path: "app/chat",
        may_import: &["action", "input", "time", "view"],
        why: "a pane knows no other pane, and no sandbox",
    },
    Folder {
        path: "app/session",
        may_import: &[
            "action", "chat", "logs", "overlay", "sessions", "time", "view",
        ],
        why: "an open session holds its chat and its logs",
    },
    Folder {
        path: "app/sessions",
        may_import: &["action", "input", "session", "time", "view"],
        why: "lists sessions, and knows no conversation",
    },
    Folder {
        path: "app/overlay",
        may_import: &["action", "input", "session", "sessions", "time", "view"],
        why: "stands above the panes and knows no chat",
    },
    Folder {
        path: "app/view",
        may_import: &[
            "action", "chat", "input", "logs", "session", "sessions", "time",
        ],
        why: "draws the whole; what a pane looks like is the pane's business",
    },
];

/// The folder of a room that contains a file, and the file's path within the room.
fn place(path: &str) -> Option<(&str, &str)> {
    let (room, rest) = path.split_once('/')?;
    rest.contains('/').then_some((room, rest))
}

/// Whether an entry of `may_import` names a path within a room.
fn is_at(path: &str, allowed: &str) -> bool {
    let rest = path.strip_prefix(allowed);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Violations by imports between folders, one sentence each.
fn faults(files: &[SourceFile], rooms: &[&str], folders: &[Folder]) -> Vec<String> {
    let imports = imports(files);
    let mut faults = BTreeSet::new();
    let mut used = BTreeSet::new();
    for Import { from, to, line, .. } in &imports {
        let (Some((room, inner)), Some((other, target))) = (place(from), place(to)) else {
            continue;
        };
        let (own, its) = (inner.split('/').next(), target.split('/').next());
        if room != other || own == its || !rooms.contains(&room) {
            continue;
        }
        let path = format!("{room}/{}", own.unwrap_or_default());
        let Some(folder) = folders.iter().find(|folder| folder.path == path) else {
            faults.insert(format!("{path} is not in the table of folders"));
            continue;
        };
        let mut allowed = folder.may_import.iter();
        match allowed.find(|allowed| is_at(target, allowed)) {
            Some(allowed) => {
                used.insert((folder.path, *allowed));
            }
            None => {
                faults.insert(format!(
                    "{from}:{line} imports {to}; {path}: {}",
                    folder.why
                ));
            }
        }
    }
    for folder in folders {
        let needless = folder.may_import.iter();
        let needless = needless.filter(|allowed| !used.contains(&(folder.path, **allowed)));
        faults.extend(needless.map(|allowed| format!("{} does not need {allowed}", folder.path)));
    }
    faults.into_iter().collect()
}

#[test]
fn folders_of_a_room_keep_to_their_borders() {
    let found = faults(sources(), ROOMS, FOLDERS);

    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn an_import_over_a_border_is_seen_and_so_are_an_allowance_and_a_folder_that_nobody_thought_of() {
    let files = [
        SourceFile::read("local/error.rs", "pub struct Error;"),
        SourceFile::read(
            "local/sandbox/mod.rs",
            "use crate::local::error::Error; pub struct Sandbox;",
        ),
        SourceFile::read("local/sandbox/log.rs", "pub struct Log;"),
        SourceFile::read(
            "local/helper/init.rs",
            "\nuse crate::local::sandbox::Sandbox; use crate::local::sandbox::log::Log;",
        ),
        SourceFile::read("local/new/a.rs", "use crate::local::sandbox::log::Log;"),
    ];
    let folder = |may_import| Folder {
        path: "local/helper",
        may_import,
        why: "it knows no sandbox",
    };

    assert_eq!(
        faults(&files, &["local"], &[folder(&["sandbox/log.rs", "api"])]),
        [
            "local/helper does not need api",
            "local/helper/init.rs:2 imports local/sandbox/mod.rs; local/helper: it knows no sandbox",
            "local/new is not in the table of folders",
        ]
    );
    assert_eq!(
        faults(&files[..4], &["local"], &[folder(&["sandbox"])]),
        [""; 0]
    );
    assert_eq!(faults(&files, &["app"], &[]), [""; 0]);
}
