//! Opening a store: newer, damaged, unwritable, shared.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use pretty_assertions::assert_eq;
use rusqlite::Connection;
use rustix::fs::{CWD, FileType, Mode, mknodat};

use super::super::files::secrets::{SecretFiles, Secrets};
use super::super::{Store, StoreError};
use super::{DEADLINE, key, message, open, prompt, session};
use crate::domain::chat::ChatEvent;
use crate::store::database::migrations;

fn names(dir: &std::path::Path) -> Vec<String> {
    let entries = fs::read_dir(dir).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[tokio::test]
async fn only_this_user_may_read_the_database_and_its_log() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    store.set_draft(&key(), "x".to_owned()).await.unwrap();

    for name in ["sandbar.db", "sandbar.db-wal"] {
        let mode = fs::metadata(dir.path().join(name))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}

#[tokio::test]
async fn a_fifo_in_place_of_a_database_file_is_reported_without_waiting() {
    for name in [
        "sandbar.db",
        "sandbar.db-wal",
        "sandbar.db-shm",
        "sandbar.db-journal",
        "sandbar.db.lock",
    ] {
        let dir = tempfile::tempdir().unwrap();
        let fifo = dir.path().join(name);
        mknodat(CWD, &fifo, FileType::Fifo, Mode::RWXU, 0).unwrap();

        let opened = Store::open(dir.path());

        let wanted = format!(
            "sessions are not saved this time: cannot open {}: this is a FIFO, not a regular file",
            fifo.display()
        );
        assert_eq!(opened.notices, [wanted]);
        let key = key();
        let draft = opened.store.set_draft(&key, "x".to_owned());
        draft.await.unwrap();
    }
}

#[test]
fn a_fifo_in_place_of_secrets_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let files = SecretFiles::new(dir.path());
    files.save(&key(), &Secrets::default()).unwrap();
    let path = dir.path().join("secrets/one.json");
    fs::remove_file(&path).unwrap();
    mknodat(CWD, &path, FileType::Fifo, Mode::RWXU, 0).unwrap();

    let StoreError::File { source, .. } = files.load(&key()).unwrap_err() else {
        panic!("another error was expected");
    };

    assert_eq!(source.to_string(), "this is a FIFO, not a regular file");
}

#[tokio::test]
async fn a_newer_database_is_left_alone_and_another_is_used() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("sandbar.db");
    let newer = Connection::open(&path).unwrap();
    newer
        .execute_batch("CREATE TABLE future (x); PRAGMA user_version = 9999;")
        .unwrap();
    drop(newer);
    let before = fs::read(&path).unwrap();

    let opened = Store::open(dir.path());
    opened
        .store
        .set_draft(&key(), "x".to_owned())
        .await
        .unwrap();

    assert_eq!(opened.notices.len(), 1);
    assert!(opened.notices[0].contains("newer"), "{:?}", opened.notices);
    assert_eq!(fs::read(&path).unwrap(), before);
    let beside = format!("sandbar-v{}.db", migrations::VERSION);
    assert!(names(dir.path()).contains(&beside));
    let again = Store::open(dir.path());
    assert_eq!(again.store.draft(&key()).await.unwrap(), "x");
}

#[tokio::test]
async fn a_damaged_database_is_kept_and_a_fresh_one_is_used() {
    let header = b"SQLite format 3\0 and then nothing of the kind".repeat(100);
    for damage in [b"not a database".to_vec(), vec![b'x'; 10_000], header] {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("sandbar.db"), &damage).unwrap();
        fs::write(dir.path().join("sandbar.db-wal"), "old log").unwrap();

        let opened = Store::open(dir.path());
        opened
            .store
            .set_draft(&key(), "x".to_owned())
            .await
            .unwrap();

        assert_eq!(opened.notices.len(), 1, "{:?}", opened.notices);
        let kept = names(dir.path());
        let kept = kept
            .iter()
            .find(|name| name.starts_with("sandbar.db.corrupt-") && !name.ends_with("-wal"))
            .unwrap();
        assert_eq!(fs::read(dir.path().join(kept)).unwrap(), damage);
        assert!(opened.notices[0].contains(kept.as_str()));
        drop(opened);
        assert_eq!(open(dir.path()).draft(&key()).await.unwrap(), "x");
    }
}

#[tokio::test]
async fn if_no_file_can_be_created_the_store_works_in_memory_and_says_so() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let below = file.path().join("below");

    let store = Store::open_in_background(&below);
    store.set_draft(&key(), "x".to_owned()).await.unwrap();

    assert_eq!(store.draft(&key()).await.unwrap(), "x");
    let notices = store.notices().await;
    assert_eq!(notices.len(), 1);
    assert!(notices[0].contains("not saved"), "{notices:?}");
}

#[tokio::test]
async fn durable_writes_survive_a_drop_without_a_flush() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    store.save_session(&session("one", "a")).await.unwrap();
    store.enqueue(&key(), prompt("msg_1")).await.unwrap();
    store.hold_queue(&key(), true).await.unwrap();
    drop(store);

    let again = open(dir.path());

    assert_eq!(again.by_name("a").await.unwrap(), Some(session("one", "a")));
    let queue = again.queue(&key()).await.unwrap();
    assert_eq!((queue.waiting, queue.held), (vec![prompt("msg_1")], true));
}

#[tokio::test]
async fn two_stores_on_one_file_both_write_and_see_each_other() {
    let dir = tempfile::tempdir().unwrap();
    let (one, two) = (open(dir.path()), open(dir.path()));
    let writes = |store: Store, who: &'static str| async move {
        for number in 0..100 {
            let event = ChatEvent::Message(message(&format!("{who}{number}"), number));
            store.record(&key(), &event).await.unwrap();
            store
                .set_draft(&who.into(), number.to_string())
                .await
                .unwrap();
        }
        store.flush().await
    };

    let (first, second) = tokio::join!(writes(one.clone(), "a"), writes(two.clone(), "b"));

    first.unwrap();
    second.unwrap();
    let seen = one.transcript(&key(), 1000).await.unwrap();
    assert_eq!(seen.messages.len(), 200);
    assert_eq!(seen, two.transcript(&key(), 1000).await.unwrap());
}

#[tokio::test]
async fn many_concurrent_starts_share_one_fresh_file() {
    let dir = tempfile::tempdir().unwrap();

    let stores: Vec<Store> = (0..8)
        .map(|_| Store::open_in_background(dir.path()))
        .collect();
    for (number, store) in stores.iter().enumerate() {
        let key = number.to_string().as_str().into();
        store.set_draft(&key, "x".to_owned()).await.unwrap();
    }

    for store in &stores {
        assert_eq!(store.notices().await, Vec::<String>::new());
        assert_eq!(store.draft(&"7".into()).await.unwrap(), "x");
    }
}

#[tokio::test]
async fn a_change_by_another_store_is_reported_and_its_own_is_not() {
    let dir = tempfile::tempdir().unwrap();
    let (one, two) = (open(dir.path()), open(dir.path()));
    let interval = std::time::Duration::from_millis(5);

    one.set_draft(&key(), "own".to_owned()).await.unwrap();
    let waiting = tokio::spawn({
        let one = one.clone();
        async move { one.changed(interval).await }
    });
    // Both calls are served in order: the wait has begun, and has seen our own change.
    one.flush().await.unwrap();
    one.flush().await.unwrap();
    assert!(!waiting.is_finished());
    two.set_draft(&key(), "theirs".to_owned()).await.unwrap();

    tokio::time::timeout(DEADLINE, waiting)
        .await
        .unwrap()
        .unwrap()
        .unwrap();
    assert_eq!(one.draft(&key()).await.unwrap(), "theirs");
}

#[tokio::test]
async fn a_failed_write_is_reported_and_the_store_continues() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    store.set_draft(&key(), "before".to_owned()).await.unwrap();
    let file = Connection::open(dir.path().join("sandbar.db")).unwrap();
    file.execute_batch(
        "CREATE TRIGGER refuse BEFORE INSERT ON history BEGIN SELECT RAISE(ROLLBACK, 'no'); END;",
    )
    .unwrap();

    store.add_history(&key(), "lost".to_owned()).await.unwrap();
    let flushed = store.flush().await;

    assert!(matches!(
        flushed,
        Err(StoreError::Database {
            doing: "save the history",
            ..
        })
    ));
    store.flush().await.unwrap();
    store.set_draft(&key(), "after".to_owned()).await.unwrap();
    assert_eq!(open(dir.path()).draft(&key()).await.unwrap(), "after");
}
