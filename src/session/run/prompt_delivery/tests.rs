mod commands;

use pretty_assertions::assert_eq;

use super::server::CHECKS_IF_ABSENT;
use super::*;
use crate::domain::prompt::PromptKind;
use crate::session::chat::translate::turn::TurnState;

pub(super) fn prompt(id: &str) -> Prompt {
    Prompt {
        message: id.into(),
        part: id.into(),
        text: id.to_owned(),
        kind: PromptKind::Message,
        parts: Vec::new(),
        agent: None,
        model: None,
        variant: None,
    }
}

/// A delivery whose store grants every claim, and the calls that it requested.
struct Session {
    delivery: PromptDelivery,
    calls: Vec<DeliveryCall>,
    /// All other effects that it requested.
    effects: Vec<DeliveryEffect>,
}

impl Session {
    fn new() -> Self {
        let mut delivery = PromptDelivery::default();
        delivery.set_drives(true);
        Self {
            delivery,
            calls: Vec::new(),
            effects: Vec::new(),
        }
    }

    fn connected() -> Self {
        let mut session = Self::new();
        session.resync(false, &[]);
        session
    }

    fn on(&mut self, event: DeliveryEvent) {
        for effect in self.delivery.on(event) {
            match effect {
                DeliveryEffect::Claim { prompt, .. } => {
                    self.on(DeliveryEvent::Claimed(prompt, Claim::Granted));
                }
                DeliveryEffect::Call(call) => self.calls.push(call),
                effect => self.effects.push(effect),
            }
        }
    }

    fn news(&mut self, news: ServerNews) {
        self.on(DeliveryEvent::News(news));
    }

    fn resync(&mut self, runs: bool, has: &[(&str, bool)]) {
        let has = has.iter().map(|(id, answered)| ((*id).into(), *answered));
        let has = has.collect();
        self.news(ServerNews::Resync { runs, has });
    }

    fn send(&mut self, ids: &[&str]) {
        for id in ids {
            self.on(DeliveryEvent::Send(prompt(id)));
        }
        self.effects.clear();
    }

    fn turn(&mut self, runs: bool) {
        self.news(ServerNews::Turn { runs });
    }

    fn post_ends(&mut self, id: &str, result: PostResult) {
        self.on(DeliveryEvent::PostEnded(id.into(), result));
    }

    fn shows(&mut self, id: &str, says: bool) {
        let message = id.into();
        self.news(ServerNews::Part { message, says });
    }

    fn answers(&mut self, prompt: Option<&str>, message: &str, over: bool) {
        self.news(ServerNews::Answer {
            message: message.into(),
            prompt: prompt.map(MessageId::from),
            over,
        });
    }

    fn checked(&mut self, id: &str, checks: u32, turn: TurnState) {
        self.on(DeliveryEvent::Checked {
            prompt: id.into(),
            checks,
            turn: Some(turn),
        });
    }

    /// The prompts posted since the last call.
    fn posted(&mut self) -> Vec<String> {
        let calls = std::mem::take(&mut self.calls).into_iter();
        let posts = calls.filter_map(|call| match call {
            DeliveryCall::Post(prompt) => Some(prompt.text),
            _ => None,
        });
        posts.collect()
    }

    fn waiting(&self) -> Vec<String> {
        let waiting = self.delivery.pending().waiting.into_iter();
        waiting.map(|prompt| prompt.text).collect()
    }

    fn sent(&self) -> Vec<String> {
        let sent = self.delivery.pending().sent.into_iter();
        sent.map(|prompt| prompt.text).collect()
    }

    fn is_held(&self) -> bool {
        self.delivery.pending().held
    }
}

fn requeue(id: &str, hold: bool) -> DeliveryEffect {
    let prompt = prompt(id);
    DeliveryEffect::Requeue { prompt, hold }
}

#[test]
fn one_prompt_is_posted_for_each_idle_in_order() {
    let mut session = Session::connected();
    session.send(&["a", "b"]);

    assert_eq!(session.posted(), ["a"]);
    assert_eq!(
        (session.sent(), session.waiting()),
        (vec!["a".to_owned()], vec!["b".to_owned()])
    );
    session.turn(true);
    session.answers(Some("a"), "x", true);
    assert_eq!(session.posted(), [""; 0], "a is being answered");
    session.turn(false);
    assert_eq!(session.posted(), ["b"]);
}

#[test]
fn nothing_is_posted_without_a_connection_nor_by_a_process_that_does_not_drive() {
    let mut offline = Session::new();
    offline.send(&["a"]);
    let mut second = Session::new();
    second.delivery.set_drives(false);
    second.resync(false, &[]);
    second.send(&["a"]);

    assert_eq!((offline.posted(), second.posted()), (vec![], vec![]));
    offline.resync(false, &[]);
    assert_eq!(offline.posted(), ["a"]);
    second.on(DeliveryEvent::SendNow("a".into()));
    assert_eq!(second.posted(), ["a"]);
}

#[test]
fn a_prompt_that_is_known_already_is_not_taken_twice() {
    let mut session = Session::connected();
    session.send(&["a", "b", "a", "b"]);

    assert_eq!(session.posted(), ["a"]);
    assert_eq!(session.waiting(), ["b"]);
}

#[test]
fn a_late_turn_of_the_prompt_before_does_not_post_the_next_one() {
    let mut session = Session::connected();
    session.send(&["a", "b"]);

    session.turn(true);
    session.answers(Some("before"), "x", true);
    session.turn(false);

    assert_eq!(session.posted(), ["a"]);
}

#[test]
fn a_prompt_that_the_server_has_is_not_posted_again_and_the_next_one_waits_for_its_answer() {
    let mut session = Session::new();
    session.send(&["a", "b", "c"]);

    session.resync(false, &[("a", true), ("b", false)]);

    assert_eq!(session.posted(), [""; 0], "b is to be answered");
    let forgotten = ["a", "b"].map(|id| DeliveryEffect::Forget(id.into()));
    assert_eq!(session.effects, forgotten);
    session.answers(None, "x", true);
    assert_eq!(session.posted(), ["c"]);
}

#[test]
fn a_prompt_that_met_an_error_is_not_waited_for_once_the_server_has_settled() {
    let mut session = Session::connected();
    session.send(&["a", "b"]);
    session.post_ends("a", PostResult::Accepted);

    session.news(ServerNews::Failed);
    session.turn(false);
    assert_eq!(session.posted(), ["a"]);
    session.on(DeliveryEvent::Settled);

    assert_eq!(session.posted(), ["b"]);
}

#[test]
fn an_error_before_the_connection_was_lost_does_not_hold_up_the_next_one() {
    let mut session = Session::connected();
    session.news(ServerNews::Failed);
    session.send(&["a"]);

    session.on(DeliveryEvent::Disconnected);
    assert_eq!(session.posted(), [""; 0]);
    session.resync(false, &[]);

    assert_eq!(session.posted(), ["a"]);
}

#[test]
fn a_prompt_that_the_server_refuses_is_the_first_again_and_held() {
    let mut session = Session::connected();
    session.send(&["a", "b"]);
    let failure = Failure::new("too long");

    session.post_ends("a", PostResult::Refused(failure.clone()));

    assert_eq!(
        session.effects,
        [requeue("a", true), DeliveryEffect::Fail(failure)]
    );
    assert_eq!(
        (session.waiting(), session.is_held()),
        (vec!["a".to_owned(), "b".to_owned()], true)
    );
    assert_eq!(session.posted(), ["a"], "once");
    session.on(DeliveryEvent::Release);
    assert_eq!(session.posted(), ["a"]);
}

#[test]
fn an_unconfirmed_prompt_is_checked_before_it_is_posted_again() {
    let mut session = Session::connected();
    session.send(&["a"]);
    assert_eq!(session.posted(), ["a"]);

    session.post_ends("a", PostResult::Unreachable);
    let check = DeliveryCall::Check {
        prompt: "a".into(),
        checks: 1,
    };
    assert_eq!(session.calls, [check]);
    assert_eq!(session.sent(), ["a"]);
    session.checked("a", 1, TurnState::Runs);
    assert_eq!(session.posted(), [""; 0]);
    session.checked("a", 1, TurnState::Absent);

    assert_eq!(session.posted(), ["a"]);
}

#[test]
fn a_prompt_that_was_accepted_and_never_stored_is_posted_again_after_many_checks() {
    let mut session = Session::connected();
    session.send(&["a"]);
    session.post_ends("a", PostResult::Accepted);
    session.posted();

    session.checked("a", CHECKS_IF_ABSENT - 1, TurnState::Absent);
    assert_eq!(session.posted(), [""; 0]);
    session.checked("a", CHECKS_IF_ABSENT, TurnState::Absent);

    assert_eq!(session.posted(), ["a"]);
}

#[test]
fn a_prompt_is_kept_until_part_of_its_answer_arrives() {
    let mut session = Session::connected();
    session.send(&["a", "b"]);
    session.shows("a", true);
    session.answers(Some("a"), "answer", false);
    assert_eq!(session.posted(), ["a"]);

    session.shows("answer", false);
    assert_eq!(session.posted(), [""; 0], "it is empty");
    session.shows("answer", true);

    assert_eq!(session.posted(), ["b"]);
}

#[test]
fn a_prompt_that_an_ended_server_stored_and_did_not_answer_is_posted_again_first() {
    let mut session = Session::connected();
    session.send(&["a", "b"]);
    session.shows("a", true);
    session.on(DeliveryEvent::Disconnected);
    session.posted();
    session.effects.clear();

    session.resync(false, &[("a", false)]);
    session.checked("a", 1, TurnState::NotBegun);

    assert_eq!(session.effects, [requeue("a", false)]);
    assert_eq!(
        (session.posted(), session.waiting()),
        (vec!["a".to_owned()], vec!["b".to_owned()])
    );
}

#[test]
fn a_prompt_whose_turn_was_stopped_is_not_posted_again_for_an_answer() {
    let mut session = Session::connected();
    session.send(&["a"]);
    session.shows("a", true);
    session.on(DeliveryEvent::Abort);
    session.on(DeliveryEvent::Disconnected);
    session.posted();

    session.resync(false, &[("a", false)]);
    session.checked("a", 1, TurnState::NotBegun);

    assert_eq!((session.posted(), session.waiting()), (vec![], vec![]));
}

#[test]
fn a_stopped_prompt_that_may_not_have_arrived_waits_for_the_user_when_the_connection_is_lost() {
    let mut session = Session::connected();
    session.send(&["a"]);
    session.on(DeliveryEvent::Abort);
    session.posted();

    session.on(DeliveryEvent::Disconnected);
    session.resync(false, &[]);

    assert_eq!(
        (session.posted(), session.waiting()),
        (vec![], vec!["a".to_owned()])
    );
    assert!(session.is_held());
}

#[test]
fn a_held_prompt_that_the_server_keeps_after_all_is_not_posted_again() {
    let mut session = Session::connected();
    session.send(&["a"]);
    session.on(DeliveryEvent::Abort);
    session.on(DeliveryEvent::Disconnected);
    session.resync(false, &[]);
    session.posted();
    session.effects.clear();

    session.shows("a", true);
    session.answers(Some("a"), "x", true);
    session.on(DeliveryEvent::Release);

    assert_eq!((session.posted(), session.waiting()), (vec![], vec![]));
    assert_eq!(session.effects[0], DeliveryEffect::Forget("a".into()));
}

#[test]
fn prompts_on_their_way_when_the_connection_is_lost_are_posted_again_first_and_in_order() {
    let mut session = Session::connected();
    session.send(&["a", "b", "c"]);
    session.on(DeliveryEvent::SendNow("b".into()));
    session.post_ends("a", PostResult::Accepted);
    session.effects.clear();

    session.on(DeliveryEvent::Disconnected);

    assert_eq!(session.effects, [requeue("b", false), requeue("a", false)]);
    assert_eq!(session.waiting(), ["a", "b", "c"]);
}

#[test]
fn prompts_that_the_server_answers_together_are_all_answered() {
    let mut session = Session::connected();
    session.send(&["a", "b", "c"]);
    session.on(DeliveryEvent::SendNow("b".into()));
    session.shows("a", true);
    session.posted();

    session.answers(Some("b"), "x", true);

    assert_eq!(session.posted(), ["c"]);
}

#[test]
fn a_prompt_that_has_left_the_queue_cannot_be_removed_and_the_user_is_told() {
    let mut session = Session::connected();
    session.send(&["a", "b"]);
    let fails = |session: &mut Session| {
        let effects = std::mem::take(&mut session.effects);
        effects
            .iter()
            .any(|effect| matches!(effect, DeliveryEffect::Fail(_)))
    };

    session.on(DeliveryEvent::Remove("a".into()));
    assert!(fails(&mut session));
    session.on(DeliveryEvent::Remove("b".into()));
    assert!(!fails(&mut session));
    session.on(DeliveryEvent::Removed { was_waiting: false });

    assert!(fails(&mut session), "another process had it");
    assert_eq!(session.waiting(), [""; 0]);
}

#[test]
fn a_prompt_claimed_by_another_process_is_shown_as_sent_and_the_next_moves_up() {
    let mut session = Session::new();
    session.send(&["a", "b"]);
    session.on(DeliveryEvent::Stored(StoredQueue {
        claimed: vec![prompt("a")],
        waiting: vec![prompt("b"), prompt("c")],
        held: false,
    }));
    assert_eq!(session.sent(), ["a"]);
    session.resync(true, &[]);

    // It was taken since.
    let claim = session
        .delivery
        .on(DeliveryEvent::News(ServerNews::Turn { runs: false }));
    let next = session
        .delivery
        .on(DeliveryEvent::Claimed("b".into(), Claim::Gone));

    let asks = |id: &str| DeliveryEffect::Claim {
        prompt: id.into(),
        even_held: false,
    };
    assert_eq!((claim, next), (vec![asks("b")], vec![asks("c")]));
    assert_eq!(
        session
            .delivery
            .on(DeliveryEvent::Claimed("c".into(), Claim::Held)),
        []
    );
    assert_eq!(
        (session.waiting(), session.is_held()),
        (vec!["c".to_owned()], true)
    );
}

#[test]
fn an_abort_holds_waiting_prompts_and_nothing_else() {
    let mut session = Session::connected();
    session.on(DeliveryEvent::Abort);
    assert!(!session.is_held());

    session.turn(true);
    session.send(&["a"]);
    session.on(DeliveryEvent::Abort);
    session.turn(false);

    assert_eq!(session.posted(), [""; 0]);
    session.on(DeliveryEvent::SendNow("a".into()));
    assert_eq!(session.posted(), ["a"], "all the same");
}

#[test]
fn nothing_is_sent_at_once_without_a_connection() {
    let mut session = Session::new();
    session.send(&["a"]);

    session.on(DeliveryEvent::SendNow("a".into()));

    assert!(matches!(session.effects[..], [DeliveryEffect::Fail(_)]));
    assert_eq!(session.waiting(), ["a"]);
}
