//! One entry of a directory as envd describes it.

use std::fs::Metadata;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use buffa_types::google::protobuf::Timestamp;

use crate::e2b::proto::filesystem::{EntryInfo, FileType};

use super::super::isolation::View;
use super::metadata;

/// Describes what is at the path on this machine, as processes see it; of a link, its target.
pub(super) fn entry(view: &View, path: &Path) -> io::Result<EntryInfo> {
    let own = path.symlink_metadata()?;
    let link = own.is_symlink();
    let seen = view.seen(path);
    let target = if view.is_own() {
        view.find(&seen, false)
    } else {
        path.canonicalize().ok()
    };
    let target = target.filter(|target| target.exists());
    // Of a link the target counts, unless it leads nowhere, or to where only processes see it.
    let metadata = if link {
        let metadata = target.as_ref().and_then(|to| to.symlink_metadata().ok());
        metadata.unwrap_or_else(|| own.clone())
    } else {
        own
    };
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
        owner: account(view, "/etc/passwd", metadata.uid()),
        group: account(view, "/etc/group", metadata.gid()),
        modified_time: modified.into(),
        symlink_target: if link {
            let target = target.as_ref();
            target.map(|to| view.seen(to).display().to_string())
        } else {
            None
        },
        metadata: target.iter().flat_map(|to| metadata::read(to)).collect(),
        ..Default::default()
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
fn account(view: &View, database: &str, id: u32) -> String {
    if view.is_own() {
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
