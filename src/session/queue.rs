//! The queue of prompts: ours, in order, one posted for each idle.
//!
//! Prompts that OpenCode receives while it works are merged into one answer (observed on 1.18.33),
//! so a prompt waits here until the turn before it is over. Pure: it decides, the driver posts. It
//! knows no network and no store.

use std::collections::VecDeque;

use crate::domain::id::MessageId;
use crate::domain::session::Prompt;

/// What waits, and what is on its way.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    waiting: VecDeque<Prompt>,
    /// Posted, and nothing of its answer is there: the next prompt waits for that, whatever a late "busy"
    /// or "idle" of another turn says.
    in_flight: Option<InFlight>,
    busy: bool,
    /// The turn ended with an error; the server is not ready for the next prompt at once.
    unsettled: bool,
    held: bool,
}

/// A prompt that the server took. It is kept whole until something of its answer is there: a server
/// that ends before that has the prompt and never answers it (seen on 1.18.33).
#[derive(Debug)]
struct InFlight {
    prompt: Prompt,
    /// The message of the answer, which is empty at first.
    answer: Option<MessageId>,
    /// The user wants no answer any more.
    aborted: bool,
}

impl Queue {
    /// Takes what is stored for what waits; returns whether that is another queue than before.
    pub(crate) fn adopt(&mut self, waiting: Vec<Prompt>, held: bool) -> bool {
        let is_new = self.held != held || self.waiting != waiting;
        self.waiting = waiting.into();
        self.held = held;
        is_new
    }

    pub(crate) fn push(&mut self, prompt: Prompt) {
        self.waiting.push_back(prompt);
    }

    /// Takes a waiting prompt out.
    pub(crate) fn remove(&mut self, id: &MessageId) -> Option<Prompt> {
        let index = self
            .waiting
            .iter()
            .position(|prompt| prompt.message == *id)?;
        self.waiting.remove(index)
    }

    /// Puts a prompt that could not be sent back to the front. `hold`: the server refused it, so it
    /// waits for the user; else it goes out again with the next connection, under the same ids.
    pub(crate) fn put_back(&mut self, prompt: Prompt, hold: bool) {
        self.in_flight = None;
        if self
            .waiting
            .iter()
            .all(|waiting| waiting.message != prompt.message)
        {
            self.waiting.push_front(prompt);
        }
        self.held |= hold;
    }

    /// Returns the prompt to post now, if any; it is then in flight.
    pub(crate) fn next(&mut self) -> Option<Prompt> {
        if self.held || self.busy || self.unsettled || self.in_flight.is_some() {
            return None;
        }
        let prompt = self.waiting.pop_front()?;
        self.sent(&prompt);
        Some(prompt)
    }

    /// A prompt is being posted, in its turn or past the queue.
    pub(crate) fn sent(&mut self, prompt: &Prompt) {
        self.in_flight = Some(InFlight {
            prompt: prompt.clone(),
            answer: None,
            aborted: false,
        });
    }

    /// The prompt that was to be posted is somebody else's.
    pub(crate) fn gone(&mut self) {
        self.in_flight = None;
    }

    pub(crate) fn in_flight(&self) -> Option<&MessageId> {
        self.in_flight.as_ref().map(|sent| &sent.prompt.message)
    }

    /// The prompt in flight, unless the user wants no answer to it any more.
    pub(crate) fn unanswered(&self) -> Option<Prompt> {
        let sent = self.in_flight.as_ref().filter(|sent| !sent.aborted);
        sent.map(|sent| sent.prompt.clone())
    }

    /// The user stops the turn: it is not begun once more for the prompt in flight.
    pub(crate) fn aborted(&mut self) {
        if let Some(sent) = &mut self.in_flight {
            sent.aborted = true;
        }
    }

    /// The server has this prompt already, and `is_answered` or not: it need not be posted.
    pub(crate) fn delivered(&mut self, id: &MessageId, is_answered: bool) {
        if let Some(prompt) = self.remove(id)
            && !is_answered
        {
            self.sent(&prompt);
        }
    }

    /// The server has made a message for the answer to a prompt; `None`: it does not say to which.
    pub(crate) fn answer_is(&mut self, answer: &MessageId, prompt: Option<&MessageId>) {
        if let Some(sent) = &mut self.in_flight
            && prompt.is_none_or(|prompt| *prompt == sent.prompt.message)
        {
            sent.answer = Some(answer.clone());
        }
    }

    /// Something has come of the answer with this message.
    pub(crate) fn answered_in(&mut self, answer: &MessageId) {
        if let Some(sent) = &self.in_flight
            && sent.answer.as_ref() == Some(answer)
        {
            self.in_flight = None;
        }
    }

    /// The server answers a prompt; `None`: it does not say which.
    pub(crate) fn answer_began(&mut self, prompt: Option<&MessageId>) {
        if prompt.is_none() || prompt == self.in_flight() {
            self.in_flight = None;
        }
    }

    /// The server says that a turn runs.
    pub(crate) fn turn_began(&mut self) {
        self.busy = true;
    }

    /// The server says that no turn runs.
    pub(crate) fn turn_ended(&mut self) {
        self.busy = false;
    }

    /// The turn ended with an error: the next prompt waits until [`Queue::recovered`].
    pub(crate) fn turn_failed(&mut self) {
        self.unsettled = true;
    }

    /// The server was asked: it runs no turn, and will not begin one for what was in flight.
    pub(crate) fn settled(&mut self) {
        self.busy = false;
        self.in_flight = None;
    }

    /// Enough time has passed since the error; what was in flight has met it.
    pub(crate) fn recovered(&mut self) {
        if self.unsettled && !self.busy {
            self.in_flight = None;
        }
        self.unsettled = false;
    }

    pub(crate) fn is_unsettled(&self) -> bool {
        self.unsettled
    }

    pub(crate) fn hold(&mut self) {
        self.held = !self.waiting.is_empty();
    }

    pub(crate) fn release(&mut self) {
        self.held = false;
    }

    /// Whether a turn runs.
    pub(crate) fn is_busy(&self) -> bool {
        self.busy
    }

    pub(crate) fn is_held(&self) -> bool {
        self.held
    }

    /// What the user sees waiting, the next one first.
    pub(crate) fn waiting(&self) -> Vec<Prompt> {
        self.waiting.iter().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::PartId;
    use pretty_assertions::assert_eq;

    fn prompt(id: &str) -> Prompt {
        Prompt {
            message: MessageId::from(id),
            part: PartId::from(id),
            text: id.to_owned(),
            agent: None,
            model: None,
        }
    }

    fn next(queue: &mut Queue) -> Option<String> {
        queue.next().map(|prompt| prompt.text)
    }

    #[test]
    fn one_prompt_is_posted_for_each_idle_in_order() {
        let mut queue = Queue::default();
        queue.push(prompt("a"));
        queue.push(prompt("b"));

        assert_eq!(next(&mut queue), Some("a".to_owned()));
        assert_eq!(next(&mut queue), None, "a is on its way");
        queue.turn_began();
        queue.answer_began(Some(&MessageId::from("a")));
        assert_eq!(next(&mut queue), None, "a is being answered");
        queue.turn_ended();
        assert_eq!(next(&mut queue), Some("b".to_owned()));
    }

    #[test]
    fn a_late_turn_of_the_prompt_before_does_not_post_the_next_one() {
        let mut queue = Queue::default();
        queue.push(prompt("a"));
        queue.push(prompt("b"));
        queue.next();

        queue.turn_began();
        queue.answer_began(Some(&MessageId::from("before")));
        queue.turn_ended();

        assert_eq!(next(&mut queue), None);
    }

    #[test]
    fn a_prompt_that_the_server_has_is_not_posted_again_and_the_next_one_waits_for_its_answer() {
        let mut queue = Queue::default();
        for id in ["a", "b", "c"] {
            queue.push(prompt(id));
        }

        queue.delivered(&MessageId::from("a"), true);
        queue.delivered(&MessageId::from("b"), false);

        assert_eq!(next(&mut queue), None, "b is to be answered");
        queue.answer_began(None);
        assert_eq!(next(&mut queue), Some("c".to_owned()));
    }

    #[test]
    fn a_prompt_that_met_an_error_is_not_waited_for() {
        let mut queue = Queue::default();
        queue.push(prompt("a"));
        queue.push(prompt("b"));
        queue.next();

        queue.turn_failed();
        queue.turn_ended();
        queue.recovered();

        assert_eq!(next(&mut queue), Some("b".to_owned()));
    }

    #[test]
    fn a_prompt_that_could_not_be_sent_is_the_first_again_and_held() {
        let mut queue = Queue::default();
        queue.push(prompt("a"));
        queue.push(prompt("b"));
        let sent = queue.next().unwrap();

        queue.put_back(sent.clone(), true);
        queue.put_back(sent, true);

        assert_eq!(next(&mut queue), None);
        queue.release();
        assert_eq!(next(&mut queue), Some("a".to_owned()));
        assert_eq!(queue.waiting(), vec![prompt("b")]);
    }

    #[test]
    fn after_an_error_the_next_prompt_waits_until_the_server_has_settled() {
        let mut queue = Queue::default();
        queue.turn_began();
        queue.push(prompt("a"));
        queue.turn_failed();
        queue.turn_ended();

        assert_eq!(next(&mut queue), None);
        queue.recovered();
        assert_eq!(next(&mut queue), Some("a".to_owned()));
    }

    #[test]
    fn a_prompt_is_kept_until_something_of_its_answer_is_there() {
        let mut queue = Queue::default();
        queue.push(prompt("a"));
        queue.next();
        let (a, answer) = (MessageId::from("a"), MessageId::from("answer"));

        queue.answer_is(&answer, Some(&a));
        queue.answered_in(&a);
        assert_eq!(queue.unanswered(), Some(prompt("a")));
        queue.answered_in(&answer);
        assert_eq!((queue.unanswered(), queue.in_flight()), (None, None));
    }

    #[test]
    fn a_prompt_whose_turn_was_stopped_is_not_wanted_any_more() {
        let mut queue = Queue::default();
        queue.push(prompt("a"));
        queue.next();

        queue.aborted();

        assert_eq!(queue.unanswered(), None);
        assert_eq!(queue.in_flight(), Some(&MessageId::from("a")));
    }

    #[test]
    fn an_abort_holds_what_waits_and_nothing_else() {
        let mut queue = Queue::default();
        queue.hold();
        assert!(!queue.is_held());

        queue.push(prompt("a"));
        queue.hold();
        assert_eq!(next(&mut queue), None);
    }
}
