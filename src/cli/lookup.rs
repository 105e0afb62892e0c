//! Shared by the short commands: the stored sessions, their engines, and the lookup of names from the command line.

use tokio::time::Instant;

use super::report::{self, CommandError};
use super::setup;
use super::setup::keyring;
use crate::config::{Config, Env};
use crate::domain::failure::Failure;
use crate::domain::sandbox::{EngineKind, Phase};
use crate::domain::session::SessionSummary;
use crate::e2b::wire::ListedSandbox;
use crate::session::context::{RecordStore, SessionContext, wall};
use crate::session::sandbox::listing;
use crate::store::files::secrets::SecretFiles;
use crate::store::{Store, StoreError};
use crate::text::visible_bytes::visible_line;

/// Version of the JSON objects; it grows with incompatible changes.
pub(super) const FORMAT: u32 = 1;

/// Maximum number of sessions named if none matches.
const NAMED: usize = 5;

pub(super) struct SessionLookup<'a> {
    pub(super) config: &'a Config,
    env: &'a Env,
    records: RecordStore,
    /// Last used first.
    pub(super) sessions: Vec<SessionSummary>,
}

impl<'a> SessionLookup<'a> {
    /// Reads the store and reports its notices on stderr.
    pub(super) async fn open(config: &'a Config, env: &'a Env) -> Result<Self, CommandError> {
        let records = RecordStore::open(&config.paths.state_dir);
        for notice in records.store.notices().await {
            report::progress(notice);
        }
        let sessions = records.store.sessions().await;
        let sessions = sessions.map_err(|error| unreadable(&error))?;
        Ok(Self {
            config,
            env,
            records,
            sessions,
        })
    }

    /// The session context with this engine instead of the configured one.
    pub(super) async fn context(&self, engine: EngineKind) -> Result<SessionContext, CommandError> {
        let mut config = self.config.clone();
        config.engine.value = engine;
        if engine == EngineKind::E2b {
            let names = keyring::account(&config);
            keyring::complete(&mut config, &names).await;
        }
        let mut context = setup::context(Some(&config), self.env, Instant::now(), None)?;
        context.records = Some(self.records.clone());
        Ok(context)
    }

    /// The engines that may know our sandboxes, the configured one first.
    pub(super) fn engines(&self) -> Vec<EngineKind> {
        let has_e2b = |session: &SessionSummary| session.sandbox.engine == EngineKind::E2b;
        let mut engines = vec![self.config.engine.value];
        let others = [
            (EngineKind::Local, true),
            (EngineKind::E2b, self.sessions.iter().any(has_e2b)),
        ];
        for (engine, wanted) in others {
            if wanted && !engines.contains(&engine) {
                engines.push(engine);
            }
        }
        engines
    }

    pub(super) fn store(&self) -> &Store {
        &self.records.store
    }

    pub(super) fn records(&self) -> &RecordStore {
        &self.records
    }

    pub(super) fn secrets(&self) -> &SecretFiles {
        &self.records.secrets
    }

    /// Stores this phase for these sessions.
    pub(super) async fn store_phase<'s>(
        &self,
        sessions: impl IntoIterator<Item = &'s SessionSummary>,
        phase: &Phase,
    ) -> Result<(), CommandError> {
        let store = &self.records.store;
        for session in sessions {
            let set = store.set_phase(&session.key, phase).await;
            set.map_err(|error| unreadable(&error))?;
            if matches!(phase, Phase::Paused | Phase::Gone(_)) {
                let ended = store.runs_ended(&session.key, wall(), false).await;
                ended.map_err(|error| unreadable(&error))?;
            }
        }
        store.flush().await.map_err(|error| unreadable(&error))
    }

    /// Stores that a sandbox of these sessions ran until now, if it did. A failure is ignored, since it no longer
    /// runs.
    pub(super) async fn ran(&self, sessions: &[&SessionSummary], seen: &ListedSandbox) {
        let (store, id) = (&self.records.store, seen.sandbox_id.as_str().into());
        for session in sessions {
            let (key, now) = (&session.key, wall());
            let run = listing::run_of(seen);
            if let Some(run) = run {
                let _unsaved = store.run_seen(key, &id, run, listing::ends_of(seen)).await;
            }
            let _unsaved = store.runs_ended(key, now, run.is_some()).await;
        }
        let _unsaved = store.flush().await;
    }

    /// The session that a name on the command line means.
    ///
    /// # Errors
    /// No session matches; the failure names similar ones.
    pub(super) fn session(&self, name: &str) -> Result<&SessionSummary, CommandError> {
        self.find(name).ok_or_else(|| self.unknown(name))
    }

    /// The session of this name, or the last used one in the sandbox of this id.
    pub(super) fn find(&self, name: &str) -> Option<&SessionSummary> {
        find(&self.sessions, name)
    }

    /// The error if [`SessionLookup::find`] finds nothing.
    pub(super) fn unknown(&self, name: &str) -> CommandError {
        unknown(&self.sessions, name)
    }
}

/// The failure if another session already has a new session's name.
pub(super) fn taken(other: &SessionSummary) -> Failure {
    let name = &other.name;
    let state = match other.phase {
        Phase::Gone(_) => " and is gone",
        Phase::Paused => " and is paused",
        _ => "",
    };
    let title = match other.title.as_str() {
        "" => "has not begun yet".to_owned(),
        title => format!("is about \"{}\"", visible_line(title)),
    };
    let hint = if matches!(other.phase, Phase::Gone(_)) {
        format!("give another --name, or remove that one with `sandbar rm {name}`")
    } else {
        format!("give another --name, or continue that one with `sandbar run --session {name}`")
    };
    Failure::new(format!("a session named {name} already exists"))
        .detail(format!("it {title}{state}"))
        .hint(hint)
}

fn find<'s>(sessions: &'s [SessionSummary], name: &str) -> Option<&'s SessionSummary> {
    let named = sessions.iter().find(|session| session.name == name);
    let has_id = |session: &&SessionSummary| {
        let id = session.sandbox.id.as_ref();
        id.is_some_and(|id| id.as_str() == name)
    };
    named.or_else(|| sessions.iter().find(has_id))
}

fn unknown(sessions: &[SessionSummary], name: &str) -> CommandError {
    let hint = match (near(sessions, name), sessions) {
        (Some(near), _) => format!("did you mean {near}?"),
        (None, []) => "there are no sessions yet; `sandbar` starts one".to_owned(),
        (None, sessions) => {
            let last: Vec<&str> = sessions
                .iter()
                .map(|session| session.name.as_str())
                .collect();
            let more = match last.len().saturating_sub(NAMED) {
                0 => String::new(),
                more => format!(" and {more} more; `sandbar ls` lists them"),
            };
            let last = last.get(..NAMED).unwrap_or(&last).join(", ");
            format!("sessions used last: {last}{more}")
        }
    };
    CommandError::Failed(Failure::new(format!("there is no session named {name}")).hint(hint))
}

/// The names most similar to this one.
fn near(sessions: &[SessionSummary], name: &str) -> Option<String> {
    let most = name.chars().count().max(4) / 2;
    let written = name.to_lowercase();
    let mut near: Vec<(usize, &str)> = sessions
        .iter()
        .map(|session| {
            let other = session.name.to_lowercase();
            let distance = if !written.is_empty() && other.starts_with(&written) {
                1
            } else {
                strsim::damerau_levenshtein(&written, &other)
            };
            (distance, session.name.as_str())
        })
        .filter(|(distance, _)| *distance <= most)
        .collect();
    // Among equally similar names the last used comes first.
    near.sort_by_key(|(distance, _)| *distance);
    let names: Vec<&str> = near.iter().take(3).map(|(_, name)| *name).collect();
    match names.split_last()? {
        (last, []) => Some((*last).to_owned()),
        (last, others) => Some(format!("{} or {last}", others.join(", "))),
    }
}

fn unreadable(error: &StoreError) -> CommandError {
    let source = std::error::Error::source(error);
    let why = source.map_or_else(String::new, |source| format!(": {source}"));
    Failure::new("the stored sessions cannot be used")
        .detail(format!("{error}{why}"))
        .into()
}

/// Sessions for tests of the commands.
#[cfg(test)]
pub(super) mod testing {
    use crate::domain::sandbox::{EngineKind, Phase, SandboxInfo};
    use crate::domain::session::SessionSummary;
    use crate::domain::time::UnixMillis;

    /// A session of this name with the sandbox `id`; an empty id means none.
    pub(crate) fn session(name: &str, id: &str, phase: Phase) -> SessionSummary {
        SessionSummary {
            key: format!("key-{name}").as_str().into(),
            name: name.to_owned(),
            title: format!("About {name}"),
            sandbox: SandboxInfo {
                engine: EngineKind::Local,
                id: (!id.is_empty()).then(|| id.into()),
                template: None,
                opencode_url: None,
                opencode_version: None,
                ends_at: None,
                isolation: None,
                directory: None,
                demo: false,
            },
            opencode_session: None,
            phase,
            project: None,
            shown: None,
            auto: false,
            pinned: false,
            archived: false,
            unread: false,
            cost: 0.0,
            changed: None,
            created: UnixMillis(0),
            updated: UnixMillis(60_000),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::report::advice;
    use super::testing::session;
    use super::*;

    #[test]
    fn a_session_is_found_by_its_name_before_a_sandbox_s_id() {
        let sessions = [
            session("one", "two", Phase::Dormant),
            session("two", "three", Phase::Dormant),
        ];

        assert_eq!(find(&sessions, "two").unwrap().name, "two");
        assert_eq!(find(&sessions, "three").unwrap().name, "two");
        assert!(find(&sessions, "four").is_none());
    }

    #[test]
    fn a_taken_name_is_reported_with_its_session_and_what_to_do() {
        let words = |phase| {
            let failure = taken(&session("one", "", phase));
            format!(
                "{}: {}; {}",
                failure.summary,
                failure.detail,
                advice::words(&failure)
            )
        };

        assert_eq!(
            words(Phase::Dormant),
            "a session named one already exists: it is about \"About one\"; give another --name, or \
             continue that one with `sandbar run --session one`"
        );
        assert_eq!(
            words(Phase::Gone(Failure::new("x"))),
            "a session named one already exists: it is about \"About one\" and is gone; give another \
             --name, or remove that one with `sandbar rm one`"
        );
    }

    #[test]
    fn an_unknown_name_is_answered_with_the_nearest_ones_or_with_what_there_is() {
        let sessions = [session("parser", "", Phase::Dormant)];
        let hint = |sessions: &[_], name| match unknown(sessions, name) {
            CommandError::Failed(failure) => advice::words(&failure),
            other => panic!("{other:?}"),
        };

        assert_eq!(hint(&sessions, "praser"), "did you mean parser?");
        assert_eq!(hint(&sessions, "Par"), "did you mean parser?");
        assert_eq!(hint(&sessions, "zzzzzz"), "sessions used last: parser");
        let many =
            ["fix-1", "fix-2", "docs", "a", "b", "c"].map(|name| session(name, "", Phase::Dormant));
        assert_eq!(hint(&many, "fix-3"), "did you mean fix-1 or fix-2?");
        assert_eq!(
            hint(&many, "zzzzzz"),
            "sessions used last: fix-1, fix-2, docs, a, b and 1 more; `sandbar ls` lists them"
        );
        assert!(hint(&[], "parser").contains("no sessions yet"));
    }
}
