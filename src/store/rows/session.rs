//! The JSON of a session's origin and of its failure; the rules are those of [`crate::store::rows`].

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::ModelRow;
use crate::domain::failure::advice::Advice;
use crate::domain::failure::{Failure, NextSteps};
use crate::domain::session::{CodeSource, NewSession};
use crate::net::url::split_access;

#[derive(Debug, Serialize, Deserialize)]
pub(in crate::store) struct OriginRow {
    name: String,
    template: String,
    code: CodeRow,
    model: Option<ModelRow>,
    #[serde(default)]
    demo: bool,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum CodeRow {
    Empty,
    WorkTree(PathRow),
    Clone(String),
}

/// Paths are bytes; those that are valid text are stored as text.
#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
enum PathRow {
    Text(String),
    Bytes(Vec<u8>),
}

impl From<&Path> for PathRow {
    fn from(path: &Path) -> Self {
        match path.to_str() {
            Some(text) => Self::Text(text.to_owned()),
            None => Self::Bytes(path.as_os_str().as_bytes().to_vec()),
        }
    }
}

impl From<PathRow> for PathBuf {
    fn from(row: PathRow) -> Self {
        match row {
            PathRow::Text(text) => text.into(),
            PathRow::Bytes(bytes) => OsString::from_vec(bytes).into(),
        }
    }
}

impl From<NewSession> for OriginRow {
    fn from(new: NewSession) -> Self {
        Self {
            name: new.name,
            template: new.template.as_str().to_owned(),
            code: match new.code {
                CodeSource::Empty => CodeRow::Empty,
                CodeSource::WorkTree(path) => CodeRow::WorkTree(path.as_path().into()),
                // Older versions stored credentials in the URL; saving the session again drops them.
                CodeSource::Clone(url) => CodeRow::Clone(split_access(&url).0),
            },
            model: new.model.map(Into::into),
            demo: new.demo,
        }
    }
}

impl From<OriginRow> for NewSession {
    fn from(row: OriginRow) -> Self {
        Self {
            name: row.name,
            template: row.template.into(),
            code: match row.code {
                CodeRow::Empty => CodeSource::Empty,
                CodeRow::WorkTree(path) => CodeSource::WorkTree(path.into()),
                CodeRow::Clone(url) => CodeSource::Clone(url),
            },
            model: row.model.map(Into::into),
            demo: row.demo,
        }
    }
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(in crate::store) struct FailureRow {
    summary: String,
    detail: String,
    advice: Vec<AdviceRow>,
    retryable: bool,
    stderr: Vec<String>,
}

/// The code is stored, not the text: so the text always names the current key binding.
#[derive(Debug, Serialize, Deserialize)]
struct AdviceRow {
    code: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    argument: Option<String>,
}

impl From<&Advice> for AdviceRow {
    fn from(advice: &Advice) -> Self {
        Self {
            code: advice.code().to_owned(),
            argument: advice.argument().map(str::to_owned),
        }
    }
}

impl From<Failure> for FailureRow {
    fn from(failure: Failure) -> Self {
        Self {
            summary: failure.summary,
            detail: failure.detail,
            advice: failure.next.advice.iter().map(Into::into).collect(),
            retryable: failure.retryable,
            stderr: failure.stderr,
        }
    }
}

impl From<FailureRow> for Failure {
    fn from(row: FailureRow) -> Self {
        Self {
            summary: row.summary,
            detail: row.detail,
            next: Box::new(NextSteps {
                // An unknown code is no advice.
                advice: row
                    .advice
                    .into_iter()
                    .filter_map(|row| Advice::of_code(&row.code, row.argument))
                    .collect(),
                // The reader of the failure knows its session.
                session: String::new(),
            }),
            retryable: row.retryable,
            // Transient failures are not stored.
            passing: None,
            stderr: row.stderr,
        }
    }
}
