//! The borders between the rooms of `src/`, the length of files, and banned words.
//!
//! The tables below say what is allowed; the crate's documentation says why. A room that is not in [`ROOMS`] fails
//! the test, so that its borders are decided before it is imported.

mod allowances;
mod app_parts;
mod circles;
mod folders;
mod imports;
mod type_names;

use std::path::Path;
use std::sync::LazyLock;

use crate::support::source::{Name, SourceFile, read_all};

/// Maximum lines of code of a file, without tests.
const CEILING: usize = 400;

/// Which other rooms a room may import. `a::b` allows that part only.
const ROOMS: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("net", &[]),
    ("e2b", &["net"]),
    ("opencode", &["net"]),
    (
        "local",
        &[
            "net",
            "e2b::wire",
            "e2b::proto",
            "os::regular_file",
            "os::private_file",
            "os::clock",
        ],
    ),
    ("demo", &[]),
    // Diffs as data.
    ("text", &["domain::diff"]),
    ("os", &["domain"]),
    // All but `rules::file` is pure.
    ("rules", &["domain", "os::regular_file"]),
    // Only the views may use `text`: see the bans below.
    ("app", &["domain", "text", "rules"]),
    // A session knows how the demo model is started and how OpenCode is configured for it; its recorder writes to
    // the store before anything is forwarded or posted.
    (
        "session",
        &[
            "domain",
            "net",
            "e2b",
            "opencode",
            "engine",
            "demo",
            "store",
            "os::keyring",
            "os::clock",
            "rules",
        ],
    ),
    ("engine", &["domain", "net", "e2b", "local"]),
    (
        "store",
        &["domain", "net::url", "os::regular_file", "os::clock"],
    ),
    ("config", &["domain", "net::url", "os::regular_file"]),
    (
        "tui",
        &["domain", "text", "app", "session", "os::regular_file"],
    ),
    (
        "cli",
        &[
            "domain",
            "net",
            "e2b",
            "local",
            "demo",
            "os::keyring",
            "app",
            "session",
            "engine",
            "rules",
            "store",
            "config",
            "tui",
            // Untrusted text is printed to a terminal too, and escaped in JSON.
            "text::hidden",
            "text::visible_bytes",
            // A table has columns.
            "text::wrap",
            // What the user approves is shown whole.
            "text::visible",
        ],
    ),
    // The roots: they name every room.
    ("lib", &[""]),
    ("main", &[""]),
];

/// Names that are allowed only in some places.
struct Ban {
    names: &'static [&'static str],
    /// Path prefixes below `src/`; empty for everywhere.
    inside: &'static [&'static str],
    /// Exceptions, see [`is_at`].
    except: &'static [&'static str],
    why: &'static str,
}

const PURE: &[&str] = &["app/", "domain/", "rules/", "text/"];

const BANS: &[Ban] = &[
    Ban {
        names: &["tokio", "futures", "tokio_util"],
        inside: PURE,
        except: &[],
        why: "a pure room describes, it does not wait",
    },
    Ban {
        names: &["std::time::Instant", "std::time::SystemTime"],
        inside: PURE,
        except: &[],
        why: "time comes in from outside",
    },
    Ban {
        names: &[
            "std::fs",
            "std::net",
            "std::process",
            "std::thread",
            "std::io",
        ],
        inside: PURE,
        except: &["rules/file.rs"],
        why: "a pure room performs nothing",
    },
    Ban {
        names: &["std::env"],
        inside: &[],
        except: &["config/", "main.rs"],
        why: "the environment is read once, into config::Env",
    },
    Ban {
        names: &["ratatui"],
        inside: &[],
        except: &["tui/", "text/", VIEW],
        why: "only views draw",
    },
    Ban {
        names: &["ratatui"],
        inside: &["text/"],
        except: &[],
        why: "of the screen this room knows text and styles only",
    },
    Ban {
        names: &["crate::text"],
        inside: &["app/"],
        except: &[VIEW, "app/chat/composer/layout.rs"],
        why: "the model holds sources; only views render them",
    },
    Ban {
        names: &["tui_textarea"],
        inside: &[],
        except: &[
            "app/chat/composer/mod.rs",
            "app/chat/composer/draft.rs",
            "app/chat/composer/edit.rs",
        ],
        why: "the editor's type holds styles and must not spread",
    },
    Ban {
        names: &["crossterm"],
        inside: &[],
        except: &["tui/"],
        why: "the terminal belongs to the shell around the model",
    },
    Ban {
        names: &["unicode_width"],
        inside: &[],
        except: &["tui/screen/glyph.rs", "text/visible/character.rs"],
        why: "text::wrap::width is the one measure; another one shifts columns",
    },
    Ban {
        names: &["rusqlite"],
        inside: &[],
        except: &["store/"],
        why: "rows are the store's own",
    },
    Ban {
        names: &["reqwest_eventsource"],
        inside: &[],
        except: &["opencode/events.rs"],
        why: "to be replaced on one page",
    },
    Ban {
        names: &["println!", "print!", "eprintln!", "eprint!", "dbg!"],
        inside: &[],
        except: &[],
        why: "the screen is not ours to write over, and a closed pipe must not panic",
    },
    Ban {
        names: &[
            "std::io::stdout",
            "std::io::stderr",
            "std::io::Stdout",
            "std::io::Stderr",
            "tokio::io::stdout",
            "tokio::io::stderr",
            "rustix::stdio::stdout",
            "rustix::stdio::stderr",
            "rustix::stdio::take_stdout",
            "rustix::stdio::take_stderr",
            "execute!",
            "queue!",
            "anstream",
            // A child process would write there itself.
            "std::process::Stdio::inherit",
        ],
        inside: &[],
        except: OUTPUTS,
        why: "what commands print goes through cli/report, which makes it visible on a terminal",
    },
];

/// Where OpenCode's types become ours.
const TRANSLATION: &str = "session/chat/translate/";

/// Harmless parts of what is banned.
const HARMLESS: &[(&str, &str)] = &[
    // Not the environment: our own path, and the compile target.
    ("", "std::env::current_exe"),
    ("", "std::env::consts"),
    // Text is measured by the width of a screen cell.
    ("text/", "ratatui::buffer::CellWidth"),
    ("text/", "ratatui::text"),
    ("text/", "ratatui::style"),
];

/// Unbounded channels, under all their names.
const UNBOUNDED: &[&str] = &[
    "unbounded_channel",
    "unbounded",
    "UnboundedSender",
    "UnboundedReceiver",
];

/// The files that write to the program's two outputs: one for the commands, and the terminal UI.
const OUTPUTS: &[&str] = &[
    "cli/report/mod.rs",
    // Holds an output of cli/report.
    "cli/run/answer.rs",
    "tui/terminal.rs",
    "tui/passthrough.rs",
];

/// Files of `app/` that draw: `view.rs`, `view_row.rs` …, and all below a folder `view/`.
const VIEW: &str = "app/**/view*";

/// Whether a path matches a place: a file, all of a folder (`text/`), or files and folders of one name below a folder
/// (`app/**/view*`).
fn is_at(path: &str, place: &str) -> bool {
    if let Some((folder, wanted)) = place.split_once("**/") {
        let Some(below) = path.strip_prefix(folder) else {
            return false;
        };
        return below.split('/').any(|name| match wanted.strip_suffix('*') {
            Some(start) => name.starts_with(start),
            None => name == wanted,
        });
    }
    path == place || (place.ends_with('/') && path.starts_with(place))
}

/// Every violation in a file, one sentence each.
fn faults(file: &SourceFile) -> Vec<String> {
    let mut faults = Vec::new();
    let Some((_, allowed)) = ROOMS.iter().find(|(room, _)| *room == file.room()) else {
        return vec![format!(
            "{}: this room is not in the table of borders",
            file.path
        )];
    };
    for name in &file.names {
        let at = format!("{}:{}: {}", file.path, name.line, name.text);
        if !may_import(file.room(), allowed, name) {
            faults.push(format!("{at}: this room may not import that one"));
        }
        faults.extend(broken_bans(file, name).map(|ban| format!("{at}: {}", ban.why)));
        let last = name.text.rsplit("::").next().unwrap_or_default();
        if UNBOUNDED.contains(&last) || name.is_in("std::sync::mpsc::channel") {
            faults.push(format!("{at}: every channel is bounded"));
        }
    }
    if translates(file) && !is_at(&file.path, TRANSLATION) {
        faults.push(format!(
            "{}: only session/chat/translate knows both OpenCode's words and ours",
            file.path
        ));
    }
    faults.dedup();
    faults
}

fn may_import(room: &str, allowed: &[&str], name: &Name) -> bool {
    if !name.is_in("crate") || name.is_in(&format!("crate::{room}")) || allowed.contains(&"") {
        return true;
    }
    // `crate` alone is a visibility; `crate::Room` without a second part cannot be one of ours.
    let is_room = ROOMS
        .iter()
        .any(|(other, _)| name.is_in(&format!("crate::{other}")));
    !is_room
        || allowed
            .iter()
            .any(|part| name.is_in(&format!("crate::{part}")))
}

/// Whether a file uses both OpenCode's conversation types and ours.
fn translates(file: &SourceFile) -> bool {
    file.names_any_in("crate::opencode::wire") && file.names_any_in("crate::domain::chat")
}

fn broken_bans<'a>(
    file: &'a SourceFile,
    name: &'a Name,
) -> impl Iterator<Item = &'static Ban> + 'a {
    let harmless = HARMLESS
        .iter()
        .any(|(inside, part)| file.path.starts_with(inside) && name.is_in(part));
    BANS.iter().filter(move |ban| {
        let excepted = || ban.except.iter().any(|place| is_at(&file.path, place));
        !harmless && ban.is_of(file, name) && !excepted()
    })
}

impl Ban {
    /// Whether it bans the name there, regardless of exceptions.
    fn is_of(&self, file: &SourceFile, name: &Name) -> bool {
        let is_inside = self.inside.iter().any(|place| is_at(&file.path, place));
        (self.inside.is_empty() || is_inside) && self.names.iter().any(|banned| name.is_in(banned))
    }
}

/// All of `src/`, read once for all tests.
fn sources() -> &'static [SourceFile] {
    static SOURCES: LazyLock<Vec<SourceFile>> =
        LazyLock::new(|| read_all(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src")));
    &SOURCES
}

#[test]
fn rooms_keep_to_their_borders() {
    let found: Vec<String> = sources().iter().flat_map(faults).collect();

    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn files_stay_below_the_ceiling() {
    let too_long: Vec<String> = sources()
        .iter()
        .filter(|file| file.code_lines > CEILING)
        .map(|file| format!("{}: {} lines of code", file.path, file.code_lines))
        .collect();

    assert!(
        too_long.is_empty(),
        "at most {CEILING}:\n{}",
        too_long.join("\n")
    );
}

/// A file, its content, and part of the expected message.
const WRONG: &[(&str, &str, &str)] = &[
    (
        "text/wrap.rs",
        "use crate::domain::chat::Part;",
        "may not import",
    ),
    (
        "text/wrap.rs",
        "fn f() { let _ = crate::app::key::Key::Up; }",
        "may not import",
    ),
    (
        "text/a/b.rs",
        "use super::super::super::app::key;",
        "may not import",
    ),
    (
        "local/api.rs",
        "use crate::e2b::{wire, control};",
        "may not import",
    ),
    (
        "e2b/control.rs",
        "use crate::opencode as other;",
        "may not import",
    ),
    (
        "app/mod.rs",
        "fn f() { vec![crate::net::http::x()]; }",
        "may not import",
    ),
    ("kitchen/mod.rs", "", "not in the table"),
    ("kitchen.rs", "", "not in the table"),
    (
        "app/update.rs",
        "use crate::text::wrap;",
        "only views render",
    ),
    (
        "app/update.rs",
        "use ratatui::style::Style;",
        "only views draw",
    ),
    (
        "text/a.rs",
        "use ratatui::widgets::Paragraph;",
        "text and styles only",
    ),
    ("app/view.rs", "use tokio::time::Instant;", "does not wait"),
    (
        "app/a.rs",
        "use std::{fmt, time::{Duration, Instant}};",
        "comes in from outside",
    ),
    (
        "app/a.rs",
        "fn f() { std::fs::read(\"x\"); }",
        "performs nothing",
    ),
    (
        "app/chat/mod.rs",
        "use tui_textarea::TextArea;",
        "must not spread",
    ),
    (
        "session/driver.rs",
        "fn f() { std::env::var(\"HOME\"); }",
        "read once",
    ),
    (
        "session/driver.rs",
        "fn f() { select! { _ = x => println!(\"\") } }",
        "closed pipe",
    ),
    ("tui/mod.rs", "fn f() { eprintln!(); }", "closed pipe"),
    ("cli/report/mod.rs", "fn f() { print!(); }", "closed pipe"),
    (
        "cli/ls/mod.rs",
        "use std::io::{self, Write}; fn f() { io::stdout().write_all(b\"\"); }",
        "cli/report",
    ),
    (
        "cli/doctor/machine.rs",
        "fn f() { std::io::stderr(); }",
        "cli/report",
    ),
    (
        "tui/mod.rs",
        "fn f() { tokio::io::stdout(); }",
        "cli/report",
    ),
    (
        "session/code.rs",
        "use std::process::Stdio; fn f() { c.stderr(Stdio::inherit()); }",
        "cli/report",
    ),
    (
        "local/init.rs",
        "fn f() { rustix::stdio::stdout(); }",
        "cli/report",
    ),
    (
        "session/a.rs",
        "use tokio::sync::mpsc::unbounded_channel;",
        "bounded",
    ),
    (
        "session/a.rs",
        "fn f() { tokio::sync::mpsc::unbounded_channel::<u8>(); }",
        "bounded",
    ),
    (
        "session/a.rs",
        "use crate::{opencode::wire::Event, domain::chat};",
        "both",
    ),
];

#[test]
fn violations_are_found() {
    for (path, source, why) in WRONG {
        let found = faults(&SourceFile::read(path, source));

        assert_eq!(found.len(), 1, "{path}: {source}: {found:?}");
        assert!(found[0].contains(why), "{found:?} should say: {why}");
    }
}

#[test]
fn allowed_code_passes() {
    for (path, source) in [
        (
            "text/wrap.rs",
            "use ratatui::{style::Style, text::Line}; use super::ansi; use crate::text::x;",
        ),
        (
            "app/chat/view/part.rs",
            "use ratatui::buffer::Buffer; use crate::{text::wrap, domain::chat};",
        ),
        ("app/chat/composer/mod.rs", "use tui_textarea::TextArea;"),
        ("local/api.rs", "use crate::e2b::wire::{self, Sandbox};"),
        ("local/helper.rs", "fn f() { std::env::current_exe(); }"),
        (
            "session/chat/translate/parts.rs",
            "use crate::{opencode::wire::Event, domain::chat};",
        ),
        (
            "app/a.rs",
            "/// See `crate::tui`.\n// println!()\nconst A: &str = \"std::fs::read\";",
        ),
        (
            "app/a.rs",
            "#[cfg(test)]\nmod tests { use std::fs; use crate::text; }",
        ),
        (
            "config/env.rs",
            "pub(crate) fn f() { std::env::vars_os(); }",
        ),
        (
            "cli/report/mod.rs",
            "fn f() { std::io::stdout(); std::io::stderr(); }",
        ),
        ("local/init.rs", "fn f() { rustix::stdio::stdin(); }"),
    ] {
        assert_eq!(
            faults(&SourceFile::read(path, source)),
            [""; 0],
            "{path}: {source}"
        );
    }
}

#[test]
fn lines_of_code_are_counted_without_comments_and_tests() {
    let source = "\
//! Header.

/// Doc.
fn a() {
    // Comment.
    b();
}

#[cfg(test)]
mod tests {
    fn c() {}
}

impl A {
    #[cfg(test)]
    fn for_tests() {}
}
";

    assert_eq!(SourceFile::read("app/a.rs", source).code_lines, 5);
}

#[test]
fn files_that_only_tests_use_are_not_read() {
    let src = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| {
        let path = src.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    write("lib.rs", "mod app;");
    write("app/mod.rs", "mod a;\n#[cfg(test)]\nmod tests;");
    write("app/a.rs", "#[cfg(test)]\nmod testing;");
    write("app/a/testing.rs", "");
    write("app/tests/mod.rs", "mod more;");
    write("app/tests/more.rs", "");

    let read: Vec<String> = read_all(src.path())
        .into_iter()
        .map(|file| file.path)
        .collect();

    assert_eq!(read, ["app/a.rs", "app/mod.rs", "lib.rs"]);
}
