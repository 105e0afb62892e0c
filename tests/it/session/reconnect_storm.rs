//! Many sessions that lose the network at the same instant reconnect one by one, without overloading the server.
//!
//! `--nocapture` shows the distribution of the attempts.

use std::collections::VecDeque;
use std::time::Duration;

use futures::future::join_all;
use tokio::time::Instant;

use crate::support::client::Client;
use crate::support::fault_proxy::FaultProxy;
use crate::support::opencode::{OpenCode, Site};

const SESSIONS: usize = 20;
/// Average number of failed attempts of each session.
const ATTEMPTS: usize = 8;
/// Generous: a busy machine must not fail a test.
const DEADLINE: Duration = Duration::from_mins(3);
const STEP: Duration = Duration::from_millis(100);

async fn live_until(clients: &mut [Client], what: &str, mut done: impl FnMut(&[Client]) -> bool) {
    let began = Instant::now();
    while !done(clients) {
        assert!(began.elapsed() < DEADLINE, "{what}");
        join_all(clients.iter_mut().map(|client| client.live(STEP))).await;
    }
}

#[test]
fn twenty_sessions_that_lose_the_network_come_back_and_try_at_different_times() {
    let site = Site::shared();
    let server = &site.server;
    let proxy = FaultProxy::start(server.url(), VecDeque::new());
    let conversations: Vec<String> = (0..SESSIONS).map(|_| server.conversation()).collect();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(lose_the_network(server, &proxy, &conversations));
}

#[expect(clippy::print_stderr, reason = "measured by hand")]
async fn lose_the_network(server: &OpenCode, proxy: &FaultProxy, conversations: &[String]) {
    let mut clients: Vec<Client> = (1..)
        .zip(conversations)
        .map(|(seed, conversation)| {
            Client::attach(&proxy.url(), conversation, server.password(), seed)
        })
        .collect();
    let all = |clients: &[Client]| clients.iter().all(Client::is_live);
    live_until(&mut clients, "not all are connected", all).await;

    proxy.refuse(true);
    proxy.cut();
    let enough = |_: &[Client]| proxy.refused().len() >= ATTEMPTS * SESSIONS;
    live_until(&mut clients, "they have stopped trying", enough).await;
    assert!(!clients.iter().any(Client::is_live));
    let mut refused = proxy.refused();
    proxy.refuse(false);
    live_until(&mut clients, "not all came back", all).await;

    // In lockstep, all attempts would fall into as many moments as there are rounds.
    let began = refused[0];
    let moments = refused.drain(..).map(|at| (at - began).as_millis() / 10);
    let mut moments: Vec<u128> = moments.collect();
    let tried = moments.len();
    moments.dedup();
    eprintln!("{tried} attempts in {} moments of 10 ms", moments.len());
    assert!(moments.len() > 2 * ATTEMPTS, "{moments:?}");
    for (number, client) in clients.iter_mut().enumerate() {
        client.type_prompt(&format!("A prompt of number {number}"));
    }
    let answered = |client: &mut Client| client.screen().contains("I am the demo model");
    let began = Instant::now();
    while !clients.iter_mut().all(answered) {
        assert!(began.elapsed() < DEADLINE, "not all were answered");
        join_all(clients.iter_mut().map(|client| client.live(STEP))).await;
    }
    join_all(clients.into_iter().map(Client::leave)).await;
}
