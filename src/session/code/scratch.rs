//! The scratch directory, with files of ours in it for git.

use std::fs;
use std::path::Path;

use crate::domain::failure::Failure;

pub(super) fn make_dir(path: &Path) -> Result<(), Failure> {
    fs::create_dir_all(path).map_err(|error| scratch_failure(&error))
}

pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    fs::write(path, bytes).map_err(|error| scratch_failure(&error))
}

fn scratch_failure(error: &std::io::Error) -> Failure {
    Failure::new("the work tree could not be packed")
        .detail(error.to_string())
        .hint("check that the temporary directory is writable and has space")
}
