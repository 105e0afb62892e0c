//! `sandbar ls`: the stored sessions, their sandboxes' states from the engines, and what each session does and waits
//! for from the servers. A server that does not answer within two seconds is reported as such.
//!
//! Also listed are sandboxes of the account that this store does not know (of another machine, of a lost store, of
//! another program), with what can be done about them: they may cost money. No engine is started for the list.

mod columns;
mod cost_report;
pub(super) mod search;

use std::collections::{BTreeSet, HashMap};

use serde_json::{Value, json};

pub(super) use self::columns::{age, aligned};
use self::cost_report::CostReport;
use crate::cli::args::{GlobalOptions, JsonArgs};
use crate::cli::lookup::{FORMAT, SessionLookup};
use crate::cli::report::{self, CommandError};
use crate::cli::runtime;
use crate::cli::setup;
use crate::config::Env;
use crate::domain::failure::Failure;
use crate::domain::id::SessionKey;
use crate::domain::sandbox::price::RunningSandbox;
use crate::domain::sandbox::unattached::{Provenance, UnattachedSandbox};
use crate::domain::sandbox::usage::{ObservedRun, RunEnd, Usage};
use crate::domain::sandbox::{EngineKind, Phase, SessionStatus};
use crate::domain::session::activity::Activity;
use crate::domain::session::{ChangedLines, SessionSummary};
use crate::domain::time::UnixMillis;
use crate::e2b::wire::{ListedSandbox, SandboxState};
use crate::engine::Engine;
use crate::session::context::{SessionContext, wall};
use crate::session::sandbox::access::EngineClient;
use crate::session::sandbox::listing;
use crate::session::sandbox::unattached;
use crate::session::watch::{self, WatchReport};
use crate::text::visible_bytes::visible_line;
use crate::text::wrap;

/// Maximum columns for a state and its detail; JSON has all of it.
const WIDEST_STATE: usize = 60;

/// The columns of a terminal from which on the size of the work is shown.
const WIDE: u16 = 140;

/// The reports of the servers in running sandboxes.
type ServerReports = HashMap<SessionKey, WatchReport>;

/// An engine's answer.
enum EngineListing {
    Sandboxes(Vec<ListedSandbox>),
    /// The local server is not running, so its sandboxes are paused.
    Stopped,
    Nothing,
}

/// A row of the list.
#[derive(Debug, Clone, PartialEq)]
struct ListRow {
    name: String,
    state: &'static str,
    /// What a session waits for, or why its state is unknown; otherwise empty.
    detail: String,
    engine: EngineKind,
    sandbox: String,
    title: String,
    /// The size of the work.
    changed: Option<ChangedLines>,
    updated: Option<UnixMillis>,
    /// `None`: the sandbox is not in this store.
    key: Option<SessionKey>,
    run: Option<RunningSandbox>,
    ends_at: Option<UnixMillis>,
    /// Observed runs of the session's sandboxes, including the current one.
    seen: Vec<ObservedRun>,
    /// A note on a sandbox that is not in this store.
    note: Option<String>,
}

pub(super) fn ls(options: &GlobalOptions, args: &JsonArgs, env: &Env) -> Result<(), CommandError> {
    let config = setup::config(options, env)?;
    runtime()?.block_on(async {
        let mut lookup = SessionLookup::open(&config, env).await?;
        let mut rows = Vec::new();
        let mut failed = None;
        for engine in lookup.engines() {
            let context = match lookup.context(engine).await {
                Ok(context) => context,
                Err(ended) if engine == config.engine.value => return Err(ended),
                Err(_) => {
                    let name = engine.name();
                    report::progress(format!("{name} is not set up here; its states are unknown"));
                    rows.extend(join(
                        engine,
                        &lookup.sessions,
                        &EngineListing::Nothing,
                        &ServerReports::default(),
                    ));
                    continue;
                }
            };
            let engine_listing = match listen(&context, engine, &mut lookup).await {
                Ok(engine_listing) => engine_listing,
                Err(failure) => {
                    failed = Some(failure);
                    EngineListing::Nothing
                }
            };
            let servers = ask_servers(&context, engine, &lookup.sessions, &engine_listing).await;
            rows.extend(join(engine, &lookup.sessions, &engine_listing, &servers));
        }
        rows.sort_by_key(|row| (row.note.is_some(), std::cmp::Reverse(row.updated)));
        let all = record(&lookup, &rows).await;
        for row in &mut rows {
            row.seen = seen(row, &all);
        }
        print(&rows, args.json, &CostReport::new(&config, wall()))?;
        failed.map_or(Ok(()), |failure| Err(failure.into()))
    })
}

/// Asks an engine for its sandboxes, and for those of ours that its list lacks: a list may lag behind, and old
/// servers list only running ones.
async fn listen(
    context: &SessionContext,
    engine: EngineKind,
    lookup: &mut SessionLookup<'_>,
) -> Result<EngineListing, Failure> {
    let Some(host) = EngineClient::find(context).await? else {
        let is_stopped = context
            .settings
            .engine
            .as_ref()
            .is_some_and(Engine::is_stopped);
        return Ok(if is_stopped {
            EngineListing::Stopped
        } else {
            EngineListing::Nothing
        });
    };
    let mut listed = host.sandboxes().await?;
    let mut gone = Vec::new();
    for (index, session) in lookup.sessions.iter().enumerate() {
        let Some(id) = &session.sandbox.id else {
            continue;
        };
        let is_listed = listed.iter().any(|other| other.sandbox_id == id.as_str());
        if session.sandbox.engine != engine || is_listed || matches!(session.phase, Phase::Gone(_))
        {
            continue;
        }
        match host.sandbox(id).await? {
            Some(sandbox) => listed.push(sandbox),
            None => gone.push((index, listing::gone(id))),
        }
    }
    for (index, phase) in gone {
        lookup.sessions[index].phase = phase.clone();
        // If this cannot be stored, the next list asks again; this list is still right.
        let _unsaved = lookup.store_phase([&lookup.sessions[index]], &phase).await;
    }
    Ok(EngineListing::Sandboxes(listed))
}

/// Queries the servers in the running sandboxes.
async fn ask_servers(
    context: &SessionContext,
    engine: EngineKind,
    sessions: &[SessionSummary],
    engine_listing: &EngineListing,
) -> ServerReports {
    let EngineListing::Sandboxes(listed) = engine_listing else {
        return ServerReports::default();
    };
    let runs = |session: &&SessionSummary| {
        let of_session = |one: &&ListedSandbox| {
            let id = session.sandbox.id.as_ref();
            id.is_some_and(|id| id.as_str() == one.sandbox_id)
        };
        session.sandbox.engine == engine
            && session.opencode_session.is_some()
            && !matches!(session.phase, Phase::Gone(_))
            && listed
                .iter()
                .find(of_session)
                .is_some_and(|one| one.state == SandboxState::Running)
    };
    let running: Vec<SessionSummary> = sessions.iter().filter(runs).cloned().collect();
    watch::ask_all(context, &running)
        .await
        .into_iter()
        .collect()
}

/// Stores the runs that the engines report; returns all that is known of them. A run that cannot be stored is
/// observed again next time.
async fn record(lookup: &SessionLookup<'_>, rows: &[ListRow]) -> Vec<(SessionKey, ObservedRun)> {
    let store = lookup.store();
    for row in rows {
        let Some(key) = &row.key else { continue };
        let _unsaved = match (row.run, row.state) {
            (Some(run), _) => {
                let id = row.sandbox.as_str().into();
                store.run_seen(key, &id, run, row.ends_at).await
            }
            (None, "paused" | "gone") => store.runs_ended(key, wall(), false).await,
            (None, _) => Ok(()),
        };
    }
    store.all_runs().await.unwrap_or_default()
}

/// The observed runs of a row's current and earlier sandboxes.
fn seen(row: &ListRow, all: &[(SessionKey, ObservedRun)]) -> Vec<ObservedRun> {
    let own = all.iter().filter(|(key, _)| Some(key) == row.key.as_ref());
    let own = own.map(|(_, seen)| seen.sandbox.as_str());
    let ids: BTreeSet<&str> = own.chain([row.sandbox.as_str()]).collect();
    let stored = all.iter().map(|(_, seen)| seen);
    let stored = stored.filter(|seen| ids.contains(seen.sandbox.as_str()));
    let running = row.run.map(|run| ObservedRun {
        sandbox: row.sandbox.as_str().into(),
        run,
        end: RunEnd::Runs,
    });
    stored.cloned().chain(running).collect()
}

/// The rows of one engine.
fn join(
    engine: EngineKind,
    sessions: &[SessionSummary],
    engine_listing: &EngineListing,
    servers: &ServerReports,
) -> Vec<ListRow> {
    let ours = sessions
        .iter()
        .filter(|session| session.sandbox.engine == engine);
    let mut rows: Vec<ListRow> = ours
        .map(|session| stored(session, engine_listing, servers.get(&session.key)))
        .collect();
    let EngineListing::Sandboxes(listed) = engine_listing else {
        return rows;
    };
    let strange = unattached::among(engine, listed, sessions).into_iter();
    rows.extend(strange.map(|unattached_sandbox| ListRow {
        state: unattached_sandbox.state.name(),
        detail: String::new(),
        engine,
        sandbox: unattached_sandbox.id.to_string(),
        title: String::new(),
        changed: None,
        updated: unattached_sandbox.since,
        key: None,
        run: unattached_sandbox.run(),
        ends_at: None,
        seen: Vec::new(),
        note: Some(note(&unattached_sandbox)),
        name: unattached_sandbox.name,
    }));
    rows
}

fn stored(
    session: &SessionSummary,
    engine_listing: &EngineListing,
    seen: Option<&WatchReport>,
) -> ListRow {
    let id = session.sandbox.id.as_ref().map(ToString::to_string);
    let of_phase = || {
        (
            SessionStatus::of(&session.phase, false, false).name(),
            String::new(),
        )
    };
    let paused = || (SessionStatus::Paused.name(), String::new());
    let gone = || (SessionStatus::Gone.name(), String::new());
    let (state, detail) = match (&session.phase, &id, engine_listing) {
        (Phase::Gone(_), ..) | (_, None, _) => of_phase(),
        (_, Some(_), EngineListing::Nothing) => ("unknown", String::new()),
        (_, Some(_), EngineListing::Stopped) => paused(),
        (phase, Some(id), EngineListing::Sandboxes(listed)) => {
            match listed.iter().find(|sandbox| sandbox.sandbox_id == *id) {
                None => gone(),
                Some(sandbox) if sandbox.state == SandboxState::Paused => paused(),
                Some(_) => running(phase, seen),
            }
        }
    };
    let listed = match engine_listing {
        EngineListing::Sandboxes(listed) => {
            let own = |sandbox: &&ListedSandbox| Some(&sandbox.sandbox_id) == id.as_ref();
            listed.iter().find(own)
        }
        EngineListing::Stopped | EngineListing::Nothing => None,
    };
    ListRow {
        name: session.name.clone(),
        state,
        detail,
        engine: session.sandbox.engine,
        sandbox: id.unwrap_or_default(),
        title: session.title.clone(),
        changed: session.changed,
        updated: Some(session.updated),
        key: Some(session.key.clone()),
        run: listed.and_then(listing::run_of),
        ends_at: listed.and_then(listing::ends_of),
        seen: Vec::new(),
        note: None,
    }
}

/// Where a sandbox that is not in this store comes from, and what can be done about it.
fn note(unattached_sandbox: &UnattachedSandbox) -> String {
    let words = unattached_sandbox.provenance.words();
    match unattached_sandbox.provenance {
        Provenance::Elsewhere => format!("{words}; sandbar adopt {}", unattached_sandbox.id),
        Provenance::ReservedFor(_) | Provenance::Left(_) | Provenance::ThirdParty => words,
    }
}

/// The state of a session whose sandbox runs, and its detail.
fn running(phase: &Phase, seen: Option<&WatchReport>) -> (&'static str, String) {
    let of = |phase: &Phase| (SessionStatus::of(phase, false, false).name(), String::new());
    match (seen, phase) {
        (Some(WatchReport::Over(phase)), _) => of(phase),
        (Some(WatchReport::Does(Activity::NeedsYou(line))), _) => {
            (SessionStatus::NeedsYou.name(), line.clone())
        }
        (Some(WatchReport::Does(Activity::Silent(_))) | None, Phase::Failed(_)) => of(phase),
        (Some(WatchReport::Does(Activity::Silent(failure))), _) => {
            ("running", failure.summary.clone())
        }
        // Whatever is stored: it runs.
        (Some(WatchReport::Does(activity)), _) => {
            (activity.state(&Phase::Live).name(), String::new())
        }
        (None, _) => ("running", "no server was started in it yet".to_owned()),
    }
}

fn print(rows: &[ListRow], as_json: bool, cost_report: &CostReport) -> Result<(), CommandError> {
    if as_json {
        let rows = rows.iter().map(|row| value(row, cost_report));
        return report::json(&rows.collect::<Vec<_>>());
    }
    if rows.is_empty() {
        report::progress("no sessions yet; `sandbar` starts one, `sandbar run PROMPT` too");
        return Ok(());
    }
    let is_wide = report::screen().is_some_and(|(columns, _)| columns >= WIDE);
    report::line(table(rows, cost_report, is_wide).trim_end())?;
    let paid = rows.iter().filter(|row| row.engine == EngineKind::E2b);
    if let Some(total) = cost_report.total(paid.flat_map(|row| row.seen.iter().cloned())) {
        report::progress(total);
    }
    Ok(())
}

fn value(row: &ListRow, cost_report: &CostReport) -> Value {
    let (now, usage) = (cost_report.now, cost_report.usage(row.seen.iter().cloned()));
    let run = cost_report.usage(
        row.seen
            .iter()
            .filter(|seen| seen.end == RunEnd::Runs)
            .cloned(),
    );
    let micros = |usage: &Usage| cost_report.cost(row.engine, usage).map(|cost| cost.0);
    json!({
        "v": FORMAT, "type": "session", "name": row.name, "state": row.state,
        "detail": row.detail, "engine": row.engine.name(), "sandbox": row.sandbox, "stored": row.note.is_none(),
        "title": row.title, "added": row.changed.map(|lines| lines.added),
        "removed": row.changed.map(|lines| lines.removed), "note": row.note, "updated": row.updated.map(|at| at.0),
        "up_secs": run.is_running().then(|| run.time(now).as_secs()),
        "cost_micro_usd": run.is_running().then(|| micros(&run)).flatten(),
        "total_up_secs": usage.time(now).as_secs(), "total_cost_micro_usd": micros(&usage),
        "total_at_most": usage.at_most,
    })
}

/// With the size of the work, if it `is_wide`.
fn table(rows: &[ListRow], cost_report: &CostReport, is_wide: bool) -> String {
    let head = [
        "NAME", "STATE", "ENGINE", "USED", "UP", "TOTAL", "LINES", "SANDBOX", "TITLE",
    ];
    let head = head.map(str::to_owned);
    let cells = rows.iter().map(|row| {
        [
            or_dash(&row.name),
            state_cell(row),
            row.engine.name().to_owned(),
            row.updated
                .map_or_else(String::new, |at| age(cost_report.now.since(at))),
            cost_report.up(row.run),
            cost_report.in_all(row.engine, row.seen.iter().cloned()),
            row.changed.map_or_else(String::new, |lines| {
                format!("+{} -{}", lines.added, lines.removed)
            }),
            or_dash(&row.sandbox),
            match &row.note {
                Some(note) => format!("({note})"),
                None => or_dash(&row.title),
            },
        ]
    });
    let lines: Vec<[String; 9]> = std::iter::once(head).chain(cells).collect();
    if is_wide {
        return aligned(&lines);
    }
    let lines = lines.into_iter();
    let lines = lines.map(|[name, state, engine, used, up, all, _, sandbox, title]| {
        [name, state, engine, used, up, all, sandbox, title]
    });
    aligned(&lines.collect::<Vec<_>>())
}

fn or_dash(text: &str) -> String {
    let text = if text.is_empty() { "-" } else { text };
    text.to_owned()
}

/// `needs you: bash: cargo publish`, `running, server does not answer`.
fn state_cell(row: &ListRow) -> String {
    let text = match (row.state, row.detail.as_str()) {
        (state, "") => state.to_owned(),
        ("running", detail) => format!("running, {detail}"),
        (state, detail) => format!("{state}: {detail}"),
    };
    wrap::truncate(&visible_line(&text), WIDEST_STATE).into_owned()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use pretty_assertions::assert_eq;

    use super::*;
    use crate::cli::lookup::testing::session;
    use crate::domain::sandbox::price::{Prices, SandboxSize};

    fn late(id: &str, state: SandboxState) -> ListedSandbox {
        ListedSandbox {
            sandbox_id: id.to_owned(),
            template_id: String::new(),
            client_id: String::new(),
            alias: None,
            started_at: String::new(),
            end_at: String::new(),
            cpu_count: 0,
            memory_mb: 0,
            disk_size_mb: 0,
            state,
            envd_version: String::new(),
            metadata: std::collections::BTreeMap::new(),
        }
    }

    #[test]
    fn a_session_has_the_runs_of_all_its_sandboxes_and_an_unattached_one_its_own() {
        let hour = 3_600_000;
        let run = |hours: u64| RunningSandbox {
            since: UnixMillis(hours * hour),
            size: SandboxSize {
                vcpus: 2,
                memory_mib: 512,
            },
        };
        let saw = |key: &str, sandbox: &str, hours, end| {
            let run = run(hours);
            let sandbox = sandbox.into();
            (SessionKey::from(key), ObservedRun { sandbox, run, end })
        };
        let at = |hours: u64| RunEnd::At(UnixMillis(hours * hour));
        let all = [
            saw("key-one", "gone", 0, at(1)),
            saw("key-one", "new", 2, RunEnd::Open { limit: None }),
            saw("key-sibling", "gone", 0, at(1)),
            saw("key-sibling", "gone", 1, at(2)),
            saw("key-other", "left", 5, at(6)),
        ];
        let mut sandbox = late("new", SandboxState::Running);
        sandbox.started_at = "1970-01-01T02:00:00Z".to_owned();
        let engine_listing =
            EngineListing::Sandboxes(vec![sandbox, late("left", SandboxState::Paused)]);
        let sessions = [session("one", "new", Phase::Dormant)];
        let cost_report = CostReport {
            prices: Prices::default(),
            now: UnixMillis(10 * hour),
        };

        let rows = join(
            EngineKind::Local,
            &sessions,
            &engine_listing,
            &ServerReports::new(),
        );
        let hours = rows.iter().map(|row| {
            let usage = cost_report.usage(seen(row, &all));
            (usage.time(cost_report.now).as_secs() / 3600, usage.at_most)
        });

        assert_eq!(hours.collect::<Vec<_>>(), [(10, false), (1, false)]);
    }

    fn states(phase: Phase, id: &str, engine_listing: &EngineListing) -> &'static str {
        stored(&session("one", id, phase), engine_listing, None).state
    }

    #[test]
    fn the_state_reported_by_the_engine_overrides_the_stored_one() {
        let engine_listing = EngineListing::Sandboxes(vec![
            late("runs", SandboxState::Running),
            late("sleeps", SandboxState::Paused),
        ]);
        let failed = || Phase::Failed(Failure::new("x"));

        assert_eq!(states(Phase::Paused, "runs", &engine_listing), "running");
        assert_eq!(states(Phase::Dormant, "sleeps", &engine_listing), "paused");
        assert_eq!(states(failed(), "runs", &engine_listing), "failed");
        assert_eq!(states(failed(), "sleeps", &engine_listing), "paused");
        assert_eq!(states(Phase::Dormant, "other", &engine_listing), "gone");
        assert_eq!(states(Phase::Dormant, "", &engine_listing), "idle");
        assert_eq!(
            states(Phase::Dormant, "runs", &EngineListing::Stopped),
            "paused"
        );
        assert_eq!(
            states(Phase::Paused, "runs", &EngineListing::Nothing),
            "unknown"
        );
        assert_eq!(
            states(
                Phase::Gone(Failure::new("x")),
                "runs",
                &EngineListing::Nothing
            ),
            "gone"
        );
    }

    #[test]
    fn the_state_reported_by_the_server_overrides_the_stored_one_while_the_sandbox_runs() {
        let told = |phase: Phase, seen: WatchReport| running(&phase, Some(&seen));
        let does = |activity| WatchReport::Does(activity);
        let failed = || Phase::Failed(Failure::new("x"));
        let silent = || does(Activity::Silent(Failure::new("server does not answer")));
        let word = |state| (state, String::new());

        assert_eq!(told(failed(), does(Activity::Working)), word("working"));
        assert_eq!(told(Phase::Paused, does(Activity::Idle)), word("idle"));
        assert_eq!(told(failed(), silent()), word("failed"));
        assert_eq!(
            told(Phase::Dormant, WatchReport::Over(Phase::Paused)),
            word("paused")
        );
    }

    #[test]
    fn the_table_has_unattached_sandboxes_too_and_shows_control_sequences_of_theirs_as_text() {
        let mut unattached_sandbox = late("sbx-2", SandboxState::Running);
        let name = "bad\u{1b}[31m\nname";
        let metadata = [("sandbar", "1"), ("sandbar.name", name)];
        unattached_sandbox.metadata = metadata.map(|(k, v)| (k.to_owned(), v.to_owned())).into();
        unattached_sandbox.started_at = "1970-01-01T00:00:00Z".to_owned();
        let mut left = late("sbx-3", SandboxState::Paused);
        left.metadata = [("sandbar.key".to_owned(), "key-日本".to_owned())].into();
        let foreign = late("sbx-4", SandboxState::Running);
        let one = late("sbx-1", SandboxState::Running);
        let mute = late("sbx-5", SandboxState::Running);
        let engine_listing =
            EngineListing::Sandboxes(vec![one, mute, foreign, unattached_sandbox, left]);
        let sessions = [
            session("日本", "sbx-1", Phase::Dormant),
            session("mute", "sbx-5", Phase::Dormant),
        ];
        let key = |name: &str| SessionKey::from(format!("key-{name}"));
        let asks = WatchReport::Does(Activity::NeedsYou(
            "bash: cargo\u{1b}[31m publish".to_owned(),
        ));
        let silent = WatchReport::Does(Activity::Silent(Failure::new("server does not answer")));
        let servers = ServerReports::from([(key("日本"), asks), (key("mute"), silent)]);
        let mut rows = join(EngineKind::Local, &sessions, &engine_listing, &servers);
        for row in &mut rows {
            row.seen = seen(row, &[]);
        }
        let now = UnixMillis(3 * 3_600_000);
        let cost_report = CostReport {
            prices: Prices::default(),
            now,
        };

        insta::assert_snapshot!(table(&rows, &cost_report, false), @r"
        NAME           STATE                                ENGINE  USED     UP     TOTAL  SANDBOX  TITLE
        日本           needs you: bash: cargo␛[31m publish  local   2 h ago  -      -      sbx-1    About 日本
        mute           running, server does not answer      local   2 h ago  -      -      sbx-5    About mute
        bad␛[31m␊name  running                              local   3 h ago  3h 0m  3h 0m  sbx-2    (made on another machine; sandbar adopt sbx-2)
        -              paused                               local            -      -      sbx-3    (left by 日本, which now has another sandbox)
        -              running                              local            -      -      sbx-4    (not made by sandbar)
        ");
        let cells = |row: &ListRow| {
            [
                value(row, &cost_report)["state"].clone(),
                value(row, &cost_report)["detail"].clone(),
            ]
        };
        assert_eq!(
            cells(&rows[0]),
            ["needs you", "bash: cargo\u{1b}[31m publish"]
        );
        assert_eq!(cells(&rows[1]), ["running", "server does not answer"]);
        let none = join(
            EngineKind::E2b,
            &sessions,
            &EngineListing::Nothing,
            &ServerReports::new(),
        );
        assert!(none.is_empty());
    }

    #[test]
    fn a_wide_table_and_json_have_the_size_of_the_work() {
        let sessions = [
            session("one", "sbx-1", Phase::Dormant),
            session("two", "sbx-2", Phase::Dormant),
        ];
        let nothing = EngineListing::Nothing;
        let mut rows = join(
            EngineKind::Local,
            &sessions,
            &nothing,
            &ServerReports::new(),
        );
        let cost_report = CostReport {
            prices: Prices::default(),
            now: UnixMillis(3 * 3_600_000),
        };
        rows[0].changed = Some(ChangedLines {
            added: 12,
            removed: 3,
        });
        let wide = table(&rows, &cost_report, true);
        let mut wide = wide.lines();
        assert!(
            wide.next()
                .is_some_and(|head| head.contains("  LINES   SANDBOX  "))
        );
        assert!(
            wide.next()
                .is_some_and(|row| row.contains("  +12 -3  sbx-1  "))
        );
        assert!(wide.next().is_some_and(|row| !row.contains('+')));
        let lines = |row| {
            [
                value(row, &cost_report)["added"].clone(),
                value(row, &cost_report)["removed"].clone(),
            ]
        };
        assert_eq!(lines(&rows[0]), [json!(12), json!(3)]);
        assert_eq!(lines(&rows[1]), [Value::Null, Value::Null]);
    }

    #[test]
    fn an_age_is_shown_in_its_largest_unit() {
        let told = [59, 60, 3599, 3600, 86_399, 86_400].map(|s| age(Duration::from_secs(s)));

        assert_eq!(
            told,
            [
                "just now",
                "1 min ago",
                "59 min ago",
                "1 h ago",
                "23 h ago",
                "1 d ago"
            ]
        );
    }
}
