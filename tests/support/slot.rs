//! Keeps the number of OpenCode servers low: each takes half a gigabyte and a whole core while it starts.

use std::sync::{Condvar, Mutex, PoisonError};

const AT_ONCE: usize = 2;

static TAKEN: Mutex<usize> = Mutex::new(0);
static FREED: Condvar = Condvar::new();

/// The right to run one server, until it is dropped. A test that takes two may wait for itself.
pub(crate) struct Slot(());

impl Slot {
    /// Waits for its turn.
    pub(crate) fn take() -> Self {
        // A test that failed while it held the lock has left the number as it was.
        let taken = TAKEN.lock().unwrap_or_else(PoisonError::into_inner);
        let mut taken = FREED
            .wait_while(taken, |taken| *taken >= AT_ONCE)
            .unwrap_or_else(PoisonError::into_inner);
        *taken += 1;
        super::duration::measure();
        Self(())
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        *TAKEN.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
        FREED.notify_one();
    }
}
