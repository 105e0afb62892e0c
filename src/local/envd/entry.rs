//! One entry of a directory as envd describes it.

use std::fs::Metadata;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use buffa_types::google::protobuf::Timestamp;

use super::metadata;
use crate::e2b::proto::filesystem::{EntryInfo, FileType};
use crate::local::isolation::{ConfinedPath, PathMap};

/// Describes a file as processes see it; of a link, its target.
pub(super) fn entry(paths: &PathMap, confined: &ConfinedPath) -> io::Result<EntryInfo> {
    let own = confined.metadata()?;
    let path = confined.place();
    let link = own.is_symlink();
    let seen = paths.seen(path);
    let target = if link { target(paths, path) } else { None };
    // The target of a link counts, unless there is none or only processes see it.
    let metadata = match &target {
        Some(target) => target.metadata.clone(),
        None => own,
    };
    let readable = match &target {
        Some(target) => target.confined.as_ref(),
        None if link => None,
        None => Some(confined),
    };
    let readable = readable.filter(|_| metadata.is_file() || metadata.is_dir());
    let attributes = readable.and_then(|confined| confined.read().ok());
    let kind = if metadata.is_dir() {
        FileType::FILE_TYPE_DIRECTORY
    } else if metadata.is_file() {
        FileType::FILE_TYPE_FILE
    } else if metadata.is_symlink() {
        FileType::FILE_TYPE_SYMLINK
    } else {
        FileType::FILE_TYPE_UNSPECIFIED
    };
    let nanos = i32::try_from(metadata.mtime_nsec()).unwrap_or_default();
    let modified = Timestamp {
        seconds: metadata.mtime(),
        nanos,
        ..Default::default()
    };
    Ok(EntryInfo {
        name: seen
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned(),
        r#type: kind.into(),
        path: seen.display().to_string(),
        size: i64::try_from(metadata.len()).unwrap_or(i64::MAX),
        mode: metadata.mode() & 0o7777,
        permissions: permissions(&metadata, link),
        owner: account(paths, "/etc/passwd", metadata.uid()),
        group: account(paths, "/etc/group", metadata.gid()),
        modified_time: modified.into(),
        symlink_target: target.map(|target| paths.seen(&target.place).display().to_string()),
        metadata: attributes.iter().flat_map(metadata::read).collect(),
        ..Default::default()
    })
}

/// Where a link leads.
struct LinkTarget {
    place: PathBuf,
    metadata: Metadata,
    /// Unless it is outside of the sandbox's directories.
    confined: Option<ConfinedPath>,
}

fn target(paths: &PathMap, link: &Path) -> Option<LinkTarget> {
    if let Some(place) = paths.find(&paths.seen(link), false) {
        let confined = paths.open_confined(&place).ok()?;
        return Some(LinkTarget {
            metadata: confined.metadata().ok()?,
            confined: Some(confined),
            place,
        });
    }
    // The processes see what this machine has there.
    let place = link.canonicalize().ok().filter(|_| !paths.is_own())?;
    Some(LinkTarget {
        metadata: place.metadata().ok()?,
        confined: None,
        place,
    })
}

/// As Go prints a mode: `-rw-r--r--`, `drwxr-xr-x`, links with `L`.
fn permissions(metadata: &Metadata, link: bool) -> String {
    let first = match (link, metadata.is_dir()) {
        (true, _) => 'L',
        (false, true) => 'd',
        (false, false) => '-',
    };
    let bits = (0..9).rev().map(|bit| {
        let letter = ['x', 'w', 'r'][bit % 3];
        if metadata.mode() >> bit & 1 == 1 {
            letter
        } else {
            '-'
        }
    });
    std::iter::once(first).chain(bits).collect()
}

/// The name of a user or group, else its number.
fn account(paths: &PathMap, database: &str, id: u32) -> String {
    if paths.is_own() || paths.owner() == Some(id) {
        // There is but one user inside, whatever his number is outside.
        return "user".to_owned();
    }
    let wanted = id.to_string();
    let text = std::fs::read_to_string(database).unwrap_or_default();
    let named = text.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)? == wanted).then(|| name.to_owned())
    });
    named.unwrap_or(wanted)
}
