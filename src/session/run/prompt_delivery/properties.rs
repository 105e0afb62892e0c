//! Whatever happens, in whatever order: no prompt is lost, none is posted twice unless it may be missing, and they
//! are posted in the order in which they were sent.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::tests::prompt;
use super::*;
use crate::session::chat::translate::turn::TurnState;

/// What may happen next; numbers select among the existing prompts or calls.
#[derive(Debug, Clone, Copy)]
enum Step {
    Send,
    SendNow(usize),
    Remove(usize),
    Release,
    Abort,
    /// A call reaches the server and is answered.
    CallEnds(usize),
    /// A call is cut off before it arrives (`false`) or before its response.
    CallIsCut(usize, bool),
    CallIsRefused(usize),
    /// The server processes the oldest prompt that it has accepted.
    Keeps,
    Answers,
    TurnFails,
    /// The server ends: accepted prompts that it did not store are gone.
    ServerEnds,
    ConnectionLost,
    Connected,
    Restarted,
    ElsewhereChanged,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let n = 0..8usize;
    let step = prop_oneof![
        4 => Just(Step::Send),
        1 => n.clone().prop_map(Step::SendNow),
        1 => n.clone().prop_map(Step::Remove),
        2 => Just(Step::Release),
        1 => Just(Step::Abort),
        8 => n.clone().prop_map(Step::CallEnds),
        2 => (n.clone(), any::<bool>()).prop_map(|(n, back)| Step::CallIsCut(n, back)),
        1 => n.prop_map(Step::CallIsRefused),
        4 => Just(Step::Keeps),
        4 => Just(Step::Answers),
        1 => Just(Step::TurnFails),
        1 => Just(Step::ServerEnds),
        1 => Just(Step::ConnectionLost),
        3 => Just(Step::Connected),
        1 => Just(Step::Restarted),
        1 => Just(Step::ElsewhereChanged),
    ];
    prop::collection::vec(step, 1..120)
}

/// The session's task, its store and its server.
#[derive(Default)]
struct DeliveryHarness {
    delivery: PromptDelivery,
    store: StoredQueue,
    calls: Vec<DeliveryCall>,
    is_connected: bool,
    count: usize,
    /// Accepted by the server and not stored.
    taken: Vec<MessageId>,
    /// Stored by the server, and whether it has answered.
    kept: BTreeMap<MessageId, bool>,
    is_busy: bool,
    /// Sent by the user and not taken back.
    wanted: BTreeSet<MessageId>,
    /// Sent ahead of the others: the user chose their order.
    hurried: BTreeSet<MessageId>,
    /// Posted, and not in doubt since.
    believed: BTreeSet<MessageId>,
    /// Stored by the server, and requeued because it did not begin to answer.
    unanswered: BTreeSet<MessageId>,
}

impl DeliveryHarness {
    fn on(&mut self, event: DeliveryEvent) {
        if matches!(event, DeliveryEvent::Disconnected) {
            self.calls.clear();
            self.is_connected = false;
        }
        self.delivery.set_drives(true);
        for effect in self.delivery.on(event) {
            self.perform(effect);
        }
    }

    fn perform(&mut self, effect: DeliveryEffect) {
        let take = |prompts: &mut Vec<Prompt>, id: &MessageId| {
            let index = prompts.iter().position(|one| one.message == *id)?;
            Some(prompts.remove(index))
        };
        match effect {
            DeliveryEffect::Enqueue(prompt) => self.store.waiting.push(prompt),
            DeliveryEffect::Remove(id) => {
                let was_waiting = take(&mut self.store.waiting, &id).is_some();
                self.on(DeliveryEvent::Removed { was_waiting });
            }
            DeliveryEffect::Claim { prompt, even_held } => {
                self.is_next(&prompt, even_held);
                let found = take(&mut self.store.waiting, &prompt).expect("it waits in the store");
                self.store.claimed.push(found);
                self.on(DeliveryEvent::Claimed(prompt, Claim::Granted));
            }
            DeliveryEffect::Requeue { prompt, hold } => {
                let id = &prompt.message;
                match self.kept.get(id) {
                    // Until the next resync nobody can know that the turn of another prompt answered it.
                    Some(true) => assert!(self.unanswered.contains(id), "{id} is answered"),
                    Some(false) => drop(self.unanswered.insert(id.clone())),
                    None => {}
                }
                self.believed.remove(&prompt.message);
                take(&mut self.store.claimed, &prompt.message);
                take(&mut self.store.waiting, &prompt.message);
                self.store.waiting.insert(0, prompt);
                self.store.held |= hold;
            }
            DeliveryEffect::Forget(id) => {
                assert!(self.kept.contains_key(&id), "the server does not keep {id}");
                take(&mut self.store.claimed, &id);
                take(&mut self.store.waiting, &id);
            }
            DeliveryEffect::Hold(hold) => {
                self.store.held = hold && !self.store.waiting.is_empty();
            }
            DeliveryEffect::Fail(_) => {}
            DeliveryEffect::Call(call) => {
                if let DeliveryCall::Post(prompt) = &call {
                    let is_first = self.believed.insert(prompt.message.clone());
                    assert!(is_first, "{} is posted twice", prompt.message);
                }
                self.calls.push(call);
            }
        }
    }

    /// Whether it is this prompt's turn.
    fn is_next(&self, id: &MessageId, even_held: bool) {
        let mut before = self.store.waiting.iter().map(|one| &one.message);
        let overtakes = before.any(|other| other < id && !self.hurried.contains(other));
        let may_overtake = even_held || self.hurried.contains(id);
        assert!(!overtakes || may_overtake, "{id} overtakes others");
        assert!(even_held || !self.store.held, "the queue is held");
    }

    fn news(&mut self, news: ServerNews) {
        if self.is_connected {
            self.on(DeliveryEvent::News(news));
        }
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Send => {
                self.count += 1;
                let id = format!("{:03}", self.count);
                self.wanted.insert(id.as_str().into());
                self.on(DeliveryEvent::Send(prompt(&id)));
            }
            Step::SendNow(n) => {
                if let Some(id) = self.waiting(n) {
                    self.hurried.insert(id.clone());
                    self.on(DeliveryEvent::SendNow(id));
                }
            }
            Step::Remove(n) => {
                if let Some(id) = self.waiting(n) {
                    self.wanted.remove(&id);
                    self.on(DeliveryEvent::Remove(id));
                }
            }
            Step::Release => self.on(DeliveryEvent::Release),
            Step::Abort => self.on(DeliveryEvent::Abort),
            Step::CallEnds(n) => self.call_ends(n, PostResult::Accepted),
            Step::CallIsCut(n, true) => self.call_ends(n, PostResult::Unreachable),
            Step::CallIsCut(n, false) => self.call_fails(n, PostResult::Unreachable),
            Step::CallIsRefused(n) => {
                self.call_fails(n, PostResult::Refused(Failure::new("refused")));
            }
            Step::Keeps => self.keeps(),
            Step::Answers => self.answers(),
            Step::TurnFails => {
                self.news(ServerNews::Failed);
                self.is_busy = false;
                self.news(ServerNews::Turn { runs: false });
            }
            Step::ServerEnds => {
                self.on(DeliveryEvent::Disconnected);
                self.taken.clear();
                self.is_busy = false;
            }
            Step::ConnectionLost => self.on(DeliveryEvent::Disconnected),
            Step::Connected => self.connect(),
            Step::Restarted => {
                let waiting = std::mem::take(&mut self.store.waiting);
                self.store.waiting = std::mem::take(&mut self.store.claimed);
                self.store.waiting.extend(waiting);
                self.believed.clear();
                self.calls.clear();
                self.is_connected = false;
                self.delivery = PromptDelivery::default();
                self.on(DeliveryEvent::Stored(self.store.clone()));
            }
            Step::ElsewhereChanged => self.on(DeliveryEvent::Stored(self.store.clone())),
        }
        self.holds_all();
    }

    /// A call that reaches the server; `result`: how its caller sees it end.
    fn call_ends(&mut self, n: usize, result: PostResult) {
        let Some(call) = self.take_call(n) else {
            return;
        };
        match call {
            DeliveryCall::Post(prompt) => {
                if !self.kept.contains_key(&prompt.message) {
                    self.taken.push(prompt.message.clone());
                }
                self.on(DeliveryEvent::PostEnded(prompt.message, result));
            }
            DeliveryCall::Check { prompt, checks } => {
                let turn = match self.kept.get(&prompt) {
                    _ if self.is_busy => TurnState::Runs,
                    Some(true) => TurnState::Over,
                    Some(false) => TurnState::NotBegun,
                    None => TurnState::Absent,
                };
                let turn = Some(turn);
                self.on(DeliveryEvent::Checked {
                    prompt,
                    checks,
                    turn,
                });
            }
            DeliveryCall::Settle { .. } => self.on(DeliveryEvent::Settled),
        }
    }

    fn call_fails(&mut self, n: usize, result: PostResult) {
        match self.take_call(n) {
            Some(DeliveryCall::Post(prompt)) => {
                self.on(DeliveryEvent::PostEnded(prompt.message, result));
            }
            Some(DeliveryCall::Check { prompt, checks }) => {
                let turn = None;
                self.on(DeliveryEvent::Checked {
                    prompt,
                    checks,
                    turn,
                });
            }
            Some(settle @ DeliveryCall::Settle { .. }) => self.calls.push(settle),
            None => {}
        }
    }

    fn keeps(&mut self) {
        if self.taken.is_empty() {
            return;
        }
        let message = self.taken.remove(0);
        self.kept.entry(message.clone()).or_insert(false);
        self.is_busy = true;
        self.news(ServerNews::Part {
            message,
            says: true,
        });
        self.news(ServerNews::Turn { runs: true });
    }

    /// Everything stored is answered at once, by one message for the last.
    fn answers(&mut self) {
        let unanswered = self.kept.iter().filter(|(_, answered)| !**answered);
        let last = unanswered.map(|(id, _)| id.clone()).next_back();
        if let Some(id) = last.filter(|_| self.is_busy) {
            for answered in self.kept.values_mut() {
                *answered = true;
            }
            self.news(ServerNews::Answer {
                message: format!("answer to {id}").as_str().into(),
                prompt: Some(id),
                over: true,
            });
        }
        self.is_busy = false;
        self.news(ServerNews::Turn { runs: false });
    }

    fn connect(&mut self) {
        if self.is_connected {
            return;
        }
        self.is_connected = true;
        let has = self
            .kept
            .iter()
            .map(|(id, answered)| (id.clone(), *answered));
        let has = has.collect();
        let runs = self.is_busy;
        self.news(ServerNews::Resync { runs, has });
    }

    fn waiting(&self, n: usize) -> Option<MessageId> {
        let waiting = self.delivery.pending().waiting;
        waiting.get(n).map(|prompt| prompt.message.clone())
    }

    fn take_call(&mut self, n: usize) -> Option<DeliveryCall> {
        (n < self.calls.len()).then(|| self.calls.remove(n))
    }

    /// The store or the server has each prompt, and the screen shows the store's state.
    fn holds_all(&self) {
        let stored = self.store.claimed.iter().chain(&self.store.waiting);
        let stored: BTreeSet<_> = stored.map(|prompt| &prompt.message).collect();
        for id in &self.wanted {
            let is_there = stored.contains(id) || self.kept.contains_key(id);
            assert!(is_there, "{id} is lost");
        }
        let pending = self.delivery.pending();
        assert_eq!(pending.waiting, self.store.waiting);
        let sent = pending.sent.iter().map(|prompt| &prompt.message);
        let claimed = self.store.claimed.iter().map(|prompt| &prompt.message);
        assert_eq!(
            sent.collect::<BTreeSet<_>>(),
            claimed.collect::<BTreeSet<_>>()
        );
    }

    /// Lets everything succeed from here on.
    fn run_to_the_end(&mut self) {
        for _ in 0..200 + 40 * self.count {
            self.step(Step::Connected);
            self.step(Step::Release);
            self.step(Step::CallEnds(0));
            self.step(Step::Keeps);
            self.step(Step::Answers);
        }
    }
}

/// A failed turn lets the next prompt go before the server has shown the first one. Both are kept, and then its process
/// ends before it has begun to answer.
#[test]
fn prompts_that_a_server_kept_and_did_not_answer_are_posted_again_in_order() {
    let mut context = DeliveryHarness::default();

    for step in [
        Step::Send,
        Step::Connected,
        Step::TurnFails,
        Step::CallEnds(0),
        Step::CallEnds(0),
        Step::Send,
        Step::CallEnds(2),
        Step::Restarted,
        Step::Keeps,
        Step::Keeps,
        Step::TurnFails,
    ] {
        context.step(step);
    }
    assert_eq!(context.kept.len(), 2);
    // Its checks that the order is kept are those of the harness.
    context.run_to_the_end();

    assert_eq!(context.store, StoredQueue::default());
}

proptest! {
    #[test]
    fn no_prompt_is_lost_or_wrongly_posted_twice_and_all_are_posted_in_order(steps in steps()) {
        let mut context = DeliveryHarness::default();

        for step in steps {
            context.step(step);
        }
        context.run_to_the_end();

        prop_assert_eq!(&context.store, &StoredQueue::default());
        let kept: BTreeSet<_> = context.kept.keys().cloned().collect();
        prop_assert!(kept.is_superset(&context.wanted), "{kept:?}");
    }
}
