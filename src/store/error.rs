//! The errors of the store.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use crate::domain::id::SessionKey;

/// An error of the store. Cheap to clone, since one failed commit fails many writes.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// The store's thread has ended; nothing can be read or written any more.
    #[error("the store is closed")]
    Closed,
    #[error("cannot {doing}")]
    Database {
        doing: &'static str,
        #[source]
        source: Arc<rusqlite::Error>,
    },
    /// Another session has this name; see [`super::Store::add_session`].
    #[error("a session named {name} already exists")]
    NameTaken { name: String },
    /// The key cannot be a file name, so the session has no secrets and no lock.
    #[error("the session key {key} cannot be the name of a file")]
    BadKey { key: SessionKey },
    #[error("cannot {doing} {path}", path = path.display())]
    File {
        doing: &'static str,
        path: PathBuf,
        #[source]
        source: Arc<io::Error>,
    },
    /// The file has another format. Its content is never part of the message.
    #[error("{path} does not hold a session's secrets", path = path.display())]
    BadSecrets { path: PathBuf },
}

impl StoreError {
    pub(super) fn database(doing: &'static str, source: rusqlite::Error) -> Self {
        Self::Database {
            doing,
            source: Arc::new(source),
        }
    }

    pub(super) fn file(doing: &'static str, path: impl Into<PathBuf>, source: io::Error) -> Self {
        Self::File {
            doing,
            path: path.into(),
            source: Arc::new(source),
        }
    }

    /// Whether the same call can succeed later: another process held the database for too long.
    pub fn is_retryable(&self) -> bool {
        matches!(
            self,
            Self::Database { source, .. } if source.sqlite_error_code()
                == Some(rusqlite::ErrorCode::DatabaseBusy)
        )
    }
}
