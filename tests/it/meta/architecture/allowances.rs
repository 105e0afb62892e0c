//! Every allowance in the border tables is used: an unused one would permit imports that nobody has considered.

use super::{BANS, HARMLESS, ROOMS, TRANSLATION, is_at, sources, translates};
use crate::support::source::SourceFile;

/// The allowances that `files` do not need, one sentence each.
fn unused(files: &[SourceFile]) -> Vec<String> {
    let mut unused = Vec::new();
    for (room, allowed) in ROOMS {
        let mut of_room = files.iter().filter(|file| file.room() == *room).peekable();
        if of_room.peek().is_none() {
            unused.push(format!("there is no room {room}"));
        }
        let of_room: Vec<&SourceFile> = of_room.collect();
        let needed = |part: &str| {
            let prefix = format!("crate::{part}");
            part.is_empty() || of_room.iter().any(|file| file.names_any_in(&prefix))
        };
        let parts = allowed.iter().filter(|part| !needed(part));
        unused.extend(parts.map(|part| format!("{room} does not need {part}")));
    }
    for ban in BANS {
        let needed = |place: &str| {
            let at = files.iter().filter(|file| is_at(&file.path, place));
            at.flat_map(|file| file.names.iter().map(move |name| (file, name)))
                .any(|(file, name)| ban.is_of(file, name))
        };
        let places = ban.except.iter().filter(|place| !needed(place));
        unused
            .extend(places.map(|place| format!("{place} does not need {}", ban.names.join(", "))));
    }
    for (inside, part) in HARMLESS {
        let needed = files
            .iter()
            .filter(|file| file.path.starts_with(inside))
            .flat_map(|file| file.names.iter().map(move |name| (file, name)))
            .filter(|(_, name)| name.is_in(part))
            .any(|(file, name)| BANS.iter().any(|ban| ban.is_of(file, name)));
        if !needed {
            unused.push(format!("nobody in {inside} needs {part}"));
        }
    }
    if !files
        .iter()
        .any(|file| is_at(&file.path, TRANSLATION) && translates(file))
    {
        unused.push(format!("{TRANSLATION} does not translate"));
    }
    unused
}

#[test]
fn every_allowance_is_used() {
    let found = unused(sources());

    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn an_allowance_that_no_file_needs_is_seen() {
    let files = [
        SourceFile::read("domain/mod.rs", ""),
        SourceFile::read("os/clock.rs", "use crate::domain::time::UnixMillis;"),
        SourceFile::read("engine/mod.rs", "use crate::net::http::Http;"),
        SourceFile::read("config/env.rs", "fn f() { std::env::vars_os(); }"),
        SourceFile::read("text/a.rs", "use ratatui::style::Style;"),
    ];

    let found = unused(&files);
    let says = |sentence: &str| found.iter().any(|found| found == sentence);

    assert!(
        says("engine does not need e2b") && !says("engine does not need net"),
        "{found:#?}"
    );
    assert!(!says("os does not need domain") && says("there is no room store"));
    assert!(says("main.rs does not need std::env") && !says("config/ does not need std::env"));
    assert!(
        says("nobody in text/ needs ratatui::text")
            && !says("nobody in text/ needs ratatui::style")
    );
    assert!(says("session/chat/translate/ does not translate"));
}
