//! A name for a session that is about to begin, before anything else of it is there.
//!
//! In: what is to be opened. Out: the name that no other session has from now on, in any process, or why it
//! cannot be had. What is opened by the same key afterwards finds what was stored here.

use super::Recorder;
use crate::domain::session::{SessionOrigin, SessionSpec};
use crate::session::context::{SessionContext, wall};
use crate::store::{Naming, StoreError};

/// Stores a new session and returns its name; `None`: `spec` is not of a new one.
///
/// # Errors
/// [`StoreError::NameTaken`] when another session has a name that is to be taken as it is.
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
