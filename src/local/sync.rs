//! How the server's tasks wait for each other: mutexes, and work on other tasks and threads.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::error::ApiError;

/// Locks a mutex, also after a panic of another task: none leaves the value half changed.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs what touches many files away from the async threads.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> std::io::Result<T> + Send + 'static,
) -> std::io::Result<T> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(std::io::Error::other).flatten()
}

/// Runs work to its end even if the client hangs up: the library drops the handler of a client that is gone,
/// and a kill or a pause would be half done.
pub(super) async fn run_to_completion<T: Send + 'static>(
    work: impl Future<Output = Result<T, ApiError>> + Send + 'static,
) -> Result<T, ApiError> {
    let done = tokio::spawn(work).await;
    done.map_err(|error| ApiError::internal(error.to_string()))?
}
