//! Runs of sandboxes: which are open, which are over, and how exactly that is known.

use pretty_assertions::assert_eq;

use super::super::Store;
use super::{key, open, session};
use crate::domain::id::{SandboxId, SessionKey};
use crate::domain::sandbox::price::{RunningSandbox, SandboxSize};
use crate::domain::sandbox::usage::{ObservedRun, RunEnd};
use crate::domain::time::UnixMillis;

fn run(since: u64) -> RunningSandbox {
    RunningSandbox {
        since: UnixMillis(since),
        size: SandboxSize {
            vcpus: 2,
            memory_mib: 2048,
        },
    }
}

fn seen(sandbox: &str, since: u64, end: RunEnd) -> ObservedRun {
    let run = run(since);
    let sandbox = sandbox.into();
    ObservedRun { sandbox, run, end }
}

fn open_until(limit: u64) -> RunEnd {
    let limit = Some(UnixMillis(limit));
    RunEnd::Open { limit }
}

async fn see(store: &Store, key: &SessionKey, sandbox: &str, since: u64, ends_at: Option<u64>) {
    let (id, ends_at) = (SandboxId::from(sandbox), ends_at.map(UnixMillis));
    let stored = store.run_seen(key, &id, run(since), ends_at).await;
    stored.unwrap();
}

async fn ended(store: &Store, now: u64, exact: bool) {
    let stored = store.runs_ended(&key(), UnixMillis(now), exact).await;
    stored.unwrap();
}

#[tokio::test]
async fn a_run_is_open_until_it_was_ended_and_its_limit_moves() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());

    see(&store, &key(), "a", 100, None).await;
    let begun = store.runs(&key()).await.unwrap();
    see(&store, &key(), "a", 100, Some(500)).await;
    see(&store, &key(), "a", 100, Some(900)).await;
    see(&store, &key(), "a", 100, None).await;
    let moved = store.runs(&key()).await.unwrap();
    ended(&store, 700, true).await;
    ended(&store, 800, false).await;

    assert_eq!(begun, [seen("a", 100, RunEnd::Open { limit: None })]);
    assert_eq!(moved, [seen("a", 100, open_until(900))]);
    let over = [seen("a", 100, RunEnd::At(UnixMillis(700)))];
    assert_eq!(store.runs(&key()).await.unwrap(), over);
    drop(store);
    assert_eq!(open(dir.path()).runs(&key()).await.unwrap(), over);
}

#[tokio::test]
async fn an_unseen_end_was_at_the_timeout_or_the_next_run_at_the_latest() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());

    see(&store, &key(), "a", 100, Some(500)).await;
    see(&store, &key(), "a", 900, Some(2000)).await;
    see(&store, &key(), "a", 1500, Some(5000)).await;
    ended(&store, 1800, false).await;

    let at_most = |since, until| seen("a", since, RunEnd::AtMost(UnixMillis(until)));
    let over = [at_most(100, 500), at_most(900, 1500), at_most(1500, 1800)];
    assert_eq!(store.runs(&key()).await.unwrap(), over);
}

#[tokio::test]
async fn a_run_recorded_as_ended_and_seen_again_is_open() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    see(&store, &key(), "a", 100, Some(500)).await;
    ended(&store, 300, false).await;

    see(&store, &key(), "a", 100, None).await;

    let again = [seen("a", 100, open_until(500))];
    assert_eq!(store.runs(&key()).await.unwrap(), again);
}

#[tokio::test]
async fn siblings_know_of_each_others_runs_and_a_deleted_session_leaves_none() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let sibling = SessionKey::from("sibling");
    store.save_session(&session("one", "one")).await.unwrap();
    see(&store, &key(), "a", 100, None).await;
    ended(&store, 200, true).await;
    see(&store, &sibling, "a", 300, None).await;
    see(&store, &SessionKey::from("other"), "b", 400, None).await;

    let both = [
        seen("a", 100, RunEnd::At(UnixMillis(200))),
        seen("a", 300, RunEnd::Open { limit: None }),
    ];
    assert_eq!(store.runs(&key()).await.unwrap(), both);
    assert_eq!(store.runs(&sibling).await.unwrap(), both);
    assert_eq!(store.all_runs().await.unwrap().len(), 3);
    store.delete_session(&key()).await.unwrap();
    assert_eq!(store.runs(&key()).await.unwrap(), []);
    assert_eq!(store.runs(&sibling).await.unwrap(), both[1..]);
}
