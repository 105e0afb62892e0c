//! Identifiers as newtypes. They never validate a prefix: servers may change theirs.

use std::fmt;
use std::sync::Arc;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            pub fn new(id: impl AsRef<str>) -> Self {
                Self(Arc::from(id.as_ref()))
            }

            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), &*self.0)
            }
        }

        impl From<&str> for $name {
            fn from(id: &str) -> Self {
                Self::new(id)
            }
        }

        impl From<String> for $name {
            fn from(id: String) -> Self {
                Self(Arc::from(id))
            }
        }
    )*};
}

ids! {
    /// Our own key of a session: one sandbox and one conversation in it. Exists before either of
    /// them.
    SessionKey
    /// An E2B sandbox, without the legacy client suffix.
    SandboxId
    /// What a sandbox is made from.
    TemplateId
    /// OpenCode's conversation (`ses_…`).
    OpencodeSessionId
    /// OpenCode's message (`msg_…`); made by us for prompts.
    MessageId
    /// OpenCode's part of a message (`prt_…`); made by us for prompts.
    PartId
    /// OpenCode's permission request (`per_…`).
    PermissionId
    /// OpenCode's question request (`que_…`).
    QuestionId
}
