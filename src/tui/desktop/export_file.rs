//! Writes an exported conversation to a new file.

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use crate::app::event::Reply;

/// After so many files of one name the user has to tidy up.
const MOST: u32 = 1_000;

/// Writes into the current directory, and says which file it is.
pub(in crate::tui) async fn write(name: String, ending: &'static str, text: String) -> Reply {
    let written =
        tokio::task::spawn_blocking(move || write_below(Path::new("."), &name, ending, &text));
    let written = written
        .await
        .unwrap_or_else(|error| Err(io::Error::other(error)));
    Reply::Notice(match written {
        Ok(file) => format!("exported to {file}"),
        Err(error) => format!("the export could not be written: {error}"),
    })
}

/// The first of `name.md`, `name-2.md`, … that does not exist, not even as a link to nowhere.
fn write_below(directory: &Path, name: &str, ending: &str, text: &str) -> io::Result<String> {
    for number in 1..=MOST {
        let file = match number {
            1 => format!("{name}.{ending}"),
            _ => format!("{name}-{number}.{ending}"),
        };
        let opened = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(directory.join(&file));
        match opened {
            Ok(mut opened) => {
                opened.write_all(text.as_bytes())?;
                return Ok(file);
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_file_is_new_and_for_its_user_alone() {
        let directory = tempfile::tempdir().unwrap();
        let write = |text: &str| write_below(directory.path(), "talk", "md", text).unwrap();

        assert_eq!(
            (write("one"), write("two")),
            ("talk.md".into(), "talk-2.md".into())
        );

        let first = directory.path().join("talk.md");
        assert_eq!(fs::read_to_string(&first).unwrap(), "one");
        let mode = fs::metadata(&first).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
