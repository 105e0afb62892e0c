//! Limits the number of OpenCode servers: each takes half a gigabyte and a whole core while it starts.

use std::sync::{Condvar, Mutex, PoisonError};

const AT_ONCE: usize = 2;

static TAKEN: Mutex<usize> = Mutex::new(0);
static FREED: Condvar = Condvar::new();

/// A permit to run one server, until it is dropped. A test that takes two may deadlock.
pub(crate) struct Slot(());

impl Slot {
    /// Waits for a free slot.
    pub(crate) fn take() -> Self {
        // A test that panicked while it held the lock has left the number as it was.
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
