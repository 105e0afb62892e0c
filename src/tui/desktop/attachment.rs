//! Reads a file of this machine that goes with a prompt.
//!
//! Input: a path that the user pasted. Output: the content with its type, by what the file begins with and not by its
//! name; nothing if there is no such file. It waits for no FIFO and reads no device.

use std::io;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::domain::prompt::LocalFile;
use crate::os::regular_file;

/// The largest file; servers keep what is attached in the conversation and send it with each turn.
pub(in crate::tui) const MOST: u64 = 10 * 1024 * 1024;

/// `None`: there is no such file, or none that a model sees. `Err` says why it cannot be attached.
pub(in crate::tui) async fn read(path: String) -> Result<Option<LocalFile>, String> {
    let read = tokio::task::spawn_blocking(move || attachment(Path::new(&path)));
    read.await.unwrap_or(Ok(None))
}

/// An image without a name.
pub(in crate::tui) fn image(content: &[u8]) -> Result<Option<LocalFile>, String> {
    match kind(content) {
        Some(mime) => Ok(Some(LocalFile {
            name: mime.replace('/', "."),
            mime: mime.to_owned(),
            bytes: content.len() as u64,
            base64: STANDARD.encode(content).into(),
        })),
        None => Err("models cannot read this kind of image: use PNG, JPEG, GIF or WebP".to_owned()),
    }
}

fn attachment(path: &Path) -> Result<Option<LocalFile>, String> {
    let name = path
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let Ok(about) = std::fs::metadata(path) else {
        return Ok(None);
    };
    if about.is_file() && about.len() > MOST {
        return Err(format!("{name} is larger than 10 MB: it is not attached"));
    }
    match regular_file::read(path, MOST) {
        Ok(content) => Ok(kind(&content).map(|mime| LocalFile {
            name,
            mime: mime.to_owned(),
            bytes: content.len() as u64,
            base64: STANDARD.encode(&content).into(),
        })),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(format!("{name} cannot be attached: {error}")),
    }
}

fn kind(content: &[u8]) -> Option<&'static str> {
    let begins = |with: &[u8]| content.starts_with(with);
    match content {
        _ if begins(b"\x89PNG\r\n\x1a\n") => Some("image/png"),
        _ if begins(b"\xff\xd8\xff") => Some("image/jpeg"),
        _ if begins(b"GIF87a") || begins(b"GIF89a") => Some("image/gif"),
        _ if begins(b"RIFF") && content.get(8..12) == Some(b"WEBP") => Some("image/webp"),
        _ if begins(b"%PDF-") => Some("application/pdf"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn what_a_file_is_counts_and_not_its_name() {
        let dir = tempfile::tempdir().unwrap();
        let write = |name: &str, content: &[u8]| {
            let path = dir.path().join(name);
            std::fs::write(&path, content).unwrap();
            path
        };
        let png = write("a b.jpg", b"\x89PNG\r\n\x1a\nxyz");
        let file = attachment(&png).unwrap().unwrap();
        assert_eq!(
            (file.name.as_str(), file.mime.as_str(), file.bytes),
            ("a b.jpg", "image/png", 11)
        );
        assert_eq!(
            STANDARD.decode(&*file.base64).unwrap(),
            b"\x89PNG\r\n\x1a\nxyz"
        );

        assert_eq!(attachment(&write("text.png", b"just text")), Ok(None));
        assert_eq!(attachment(&dir.path().join("missing.png")), Ok(None));
        let large = write("large.png", b"");
        std::fs::File::options()
            .write(true)
            .open(&large)
            .unwrap()
            .set_len(MOST + 1)
            .unwrap();
        assert!(
            attachment(&large)
                .unwrap_err()
                .contains("larger than 10 MB")
        );
        assert!(attachment(dir.path()).is_err());
    }
}
