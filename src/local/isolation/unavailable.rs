//! What this machine does not offer.

/// Why a level is not to be had, and what would help.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unavailable {
    pub(super) why: String,
    pub(super) next: String,
}

impl Unavailable {
    pub(super) fn line(&self) -> String {
        if self.next.is_empty() {
            self.why.clone()
        } else {
            format!("{}; {}", self.why, self.next)
        }
    }
}
