//! Why this machine does not offer a level of isolation.

/// Why a level or a network is unavailable, and what would help.
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
