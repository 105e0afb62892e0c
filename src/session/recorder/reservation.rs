//! Reserves a name for a new session, before anything else of it exists.
//!
//! In: what is to be opened. Out: the name, which no other session in any process has from now on, or why it cannot
//! be had. Opening the same key afterwards finds the row stored here.

use super::Recorder;
use crate::domain::session::{SessionOrigin, SessionSpec};
use crate::session::context::{SessionContext, wall};
use crate::store::{Naming, StoreError};

/// Stores a new session and returns its name; `None`: `spec` is not for a new one.
///
/// # Errors
/// [`StoreError::NameTaken`] if another session has a name that must be taken exactly.
pub async fn reserve(
    context: &SessionContext,
    spec: &SessionSpec,
    naming: Naming,
) -> Result<Option<String>, StoreError> {
    let SessionOrigin::New(new) = &spec.origin else {
        return Ok(None);
    };
    let recorder = Recorder::open(context, spec);
    let place = recorder.add(new.clone(), naming, wall()).await?;
    Ok(Some(place.new.name))
}
