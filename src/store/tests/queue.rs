use pretty_assertions::assert_eq;

use super::{key, open, prompt};
use crate::store::{Claim, Store, StoredQueue};

async fn queue(store: &Store) -> StoredQueue {
    store.queue(&key()).await.unwrap()
}

async fn claim(store: &Store, id: &str) -> Claim {
    store.claim(&key(), &id.into(), false).await.unwrap()
}

#[tokio::test]
async fn prompts_of_two_processes_wait_in_order_of_arrival_and_once() {
    let dir = tempfile::tempdir().unwrap();
    let (one, two) = (open(dir.path()), open(dir.path()));

    for (store, id) in [(&one, "b"), (&two, "a"), (&one, "c"), (&two, "b")] {
        store.enqueue(&key(), prompt(id)).await.unwrap();
    }

    let expected = ["b", "a", "c"].map(prompt);
    assert_eq!(queue(&one).await.waiting, expected);
    assert_eq!(queue(&two).await.waiting, expected);
}

#[tokio::test]
async fn a_prompt_is_claimed_once_and_cannot_be_removed_then() {
    let dir = tempfile::tempdir().unwrap();
    let (one, two) = (open(dir.path()), open(dir.path()));
    one.enqueue(&key(), prompt("a")).await.unwrap();

    assert_eq!(claim(&one, "a").await, Claim::Granted);
    assert_eq!(claim(&two, "a").await, Claim::Gone);
    assert!(!two.dequeue(&key(), &"a".into()).await.unwrap());
    two.enqueue(&key(), prompt("a")).await.unwrap();

    let expected = StoredQueue {
        claimed: vec![prompt("a")],
        ..StoredQueue::default()
    };
    assert_eq!(queue(&two).await, expected);
    one.posted(&key(), &"a".into()).await.unwrap();
    assert_eq!(queue(&two).await, StoredQueue::default());
}

#[tokio::test]
async fn claimed_prompts_that_were_not_posted_are_first_again() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    for id in ["a", "b", "c"] {
        store.enqueue(&key(), prompt(id)).await.unwrap();
    }
    claim(&store, "a").await;
    claim(&store, "b").await;

    store.requeue(&key(), prompt("b"), true).await.unwrap();
    assert_eq!(queue(&store).await.waiting, ["b", "c"].map(prompt));
    assert!(queue(&store).await.held);
    store.unclaim_all(&key()).await.unwrap();

    assert_eq!(queue(&store).await.waiting, ["a", "b", "c"].map(prompt));
    assert_eq!(queue(&store).await.claimed, []);
}

#[tokio::test]
async fn a_held_queue_grants_no_claim_except_one_past_the_hold() {
    let dir = tempfile::tempdir().unwrap();
    let (one, two) = (open(dir.path()), open(dir.path()));
    assert!(!one.hold_queue(&key(), true).await.unwrap(), "it is empty");
    one.enqueue(&key(), prompt("a")).await.unwrap();
    assert!(two.hold_queue(&key(), true).await.unwrap());

    assert_eq!(claim(&one, "a").await, Claim::Held);
    let insists = one.claim(&key(), &"a".into(), true).await.unwrap();
    assert_eq!(insists, Claim::Granted);
    assert!(!two.hold_queue(&key(), false).await.unwrap());
}
