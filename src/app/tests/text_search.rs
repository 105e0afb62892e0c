//! The search in the texts of all sessions.

use pretty_assertions::assert_eq;

use super::*;
use crate::app::view::theme::{Characters, Colours};
use crate::domain::chat::Role;
use crate::domain::session::text_search::{
    FoundText, FoundTexts, SnippetPiece, StoredMessages, TextAuthor,
};
use crate::domain::testing::{resync, spoken};

const HOUR: u64 = 3_600_000;

fn found_text(session: &str, message: &str, hours: u64, pieces: [&str; 3]) -> FoundText {
    let piece = |(index, text): (usize, &str)| SnippetPiece {
        text: text.to_owned(),
        is_match: index == 1,
    };
    FoundText {
        session: session.into(),
        name: session.to_owned(),
        message: message.into(),
        part: format!("prt_{message}").as_str().into(),
        whose: TextAuthor::Agent,
        at: UnixMillis(NOON - hours * HOUR),
        snippet: pieces.into_iter().enumerate().map(piece).collect(),
    }
}

fn found(query: &str) -> FoundTexts {
    let prompt = FoundText {
        whose: TextAuthor::User,
        ..found_text(
            "docs",
            "msg_2",
            3,
            ["the ", "login", " page has a dead link"],
        )
    };
    FoundTexts {
        texts: vec![
            found_text(
                "docs",
                "msg_9",
                1,
                [
                    "… behind the ",
                    "Login",
                    " form, see https://example.org/a/very/long/address/of/a/page",
                ],
            ),
            found_text(
                "old-try",
                "msg_5",
                2,
                ["\u{1b}[31mred ", "login\u{1b}[0m", " and more"],
            ),
            prompt,
        ],
        ..FoundTexts::none(query.to_owned())
    }
}

/// Two more sessions than the shown one, one of which is gone; `login` is typed.
fn searched() -> Script {
    let gone = Phase::Gone(Failure::new("the sandbox no longer exists"));
    let mut script = Script::with_stored(vec![
        row("shown", 1),
        SessionSummary {
            title: "Links of the documentation".to_owned(),
            ..row("docs", 2)
        },
        SessionSummary {
            phase: gone,
            ..row("old-try", 3)
        },
    ]);
    script.phase("shown", Phase::Live);
    script.keys("ctrl-x /");
    script.asked();
    script.type_text("login");
    script
}

fn answer(script: &mut Script, found: FoundTexts) {
    script.event(Event::Reply(Reply::TextsFound(Ok(found))));
}

#[test]
fn one_question_follows_the_other_while_words_are_typed() {
    let mut script = searched();
    assert_eq!(script.asked(), [Effect::SearchTexts("l".to_owned())]);

    answer(&mut script, found("l"));
    assert_eq!(script.asked(), [Effect::SearchTexts("login".to_owned())]);
    answer(&mut script, found("login"));
    assert_eq!(script.asked(), []);
    script.keys("down down");

    assert_eq!(script.asked(), []);
}

#[test]
fn pasted_words_are_searched_for_too() {
    let mut script = searched();
    answer(&mut script, found("l"));
    answer(&mut script, found("login"));
    script.asked();

    script.event(Event::Paste(" failed\nhere".to_owned()));

    let wanted = Effect::SearchTexts("login failed here".to_owned());
    assert_eq!(script.asked(), [wanted]);
}

#[test]
fn the_matches_are_below_their_sessions_and_hostile_text_is_harmless() {
    let mut script = searched();
    answer(&mut script, found("login"));
    for (width, height) in [(80, 24), (120, 36)] {
        let screen = script.screen(width, height);
        insta::assert_snapshot!(format!("text_search_{width}x{height}"), screen);
    }
    script.theme = Theme::new(Colours::None, Characters::Ascii);
    insta::assert_snapshot!("text_search_ascii", script.screen(80, 24));
}

#[test]
fn what_was_not_found_and_what_cannot_be_found_yet_is_said() {
    let mut script = searched();
    let none = FoundTexts {
        is_incomplete: true,
        ..FoundTexts::none("login".to_owned())
    };
    answer(&mut script, none);

    let screen = script.screen(80, 24);
    assert!(screen.contains("nothing found"), "{screen}");
    assert!(
        screen.contains("still indexing older conversations"),
        "{screen}"
    );
    // There is nothing to go to.
    script.keys("enter");
    assert!(script.screen(80, 24).contains("Search in all sessions"));
    assert_eq!(script.shown(), "shown");

    let why = "cannot search: the store is closed";
    script.event(Event::Reply(Reply::TextsFound(Err(why.to_owned()))));
    assert!(script.screen(80, 24).contains("cannot search"));
}

#[test]
fn a_match_that_is_not_loaded_is_read_from_the_store_and_shown() {
    let mut script = searched();
    answer(&mut script, found("login"));
    script.asked();

    script.keys("down enter");

    assert_eq!(script.shown(), "docs");
    let text = found("login").texts.remove(2);
    let read = Effect::ReadMessages(Box::new(text.clone()));
    assert!(script.asked().contains(&read));
    let long = "word ".repeat(4_000);
    let stored = StoredMessages {
        messages: vec![
            spoken("msg_1", Role::User, 1, &long),
            spoken(
                "msg_2",
                Role::Assistant,
                2,
                "the login page has a dead link",
            ),
            spoken("msg_3", Role::User, 3, &long),
        ],
        more: true,
    };
    script.event(Event::Reply(Reply::MessagesRead(
        Box::new(text),
        Ok(stored),
    )));

    let screen = script.screen(80, 24);
    assert!(
        screen.contains("the login page has a dead link"),
        "{screen}"
    );
    assert!(screen.contains("\"login\" 1 of 1"), "{screen}");
    // What the server tells then changes nothing of that.
    let told = resync(
        vec![spoken("msg_3", Role::User, 3, &long)],
        TurnStatus::Idle,
    );
    let told = crate::domain::chat::Resync { more: true, ..told };
    let told = ChatEvent::Resync(Box::new(told));
    script.phase("docs", Phase::Live);
    script.session("docs", SessionEvent::Chat(told));
    let screen = script.screen(80, 24);
    assert!(
        screen.contains("the login page has a dead link"),
        "{screen}"
    );
}

#[test]
fn a_match_that_is_loaded_is_shown_at_once() {
    let mut script = searched();
    let page = vec![spoken("msg_9", Role::User, 1, "behind the Login form")];
    let told = ChatEvent::Resync(Box::new(resync(page, TurnStatus::Idle)));
    script.keys("esc ctrl-x 2");
    script.session("docs", SessionEvent::Chat(told));
    script.keys("ctrl-x 1 ctrl-x /").type_text("login");
    answer(&mut script, found("login"));
    script.asked();

    script.keys("enter");

    assert_eq!(script.shown(), "docs");
    let asked = script.asked();
    assert!(
        !asked
            .iter()
            .any(|effect| matches!(effect, Effect::ReadMessages(_)))
    );
    assert!(script.screen(80, 24).contains("\"login\" 1 of 1"));
}

#[test]
fn a_text_that_is_gone_meanwhile_is_told() {
    let mut script = searched();
    answer(&mut script, found("login"));
    script.keys("enter");

    let text = Box::new(found("login").texts.remove(0));
    let read = Ok(StoredMessages::default());
    script.event(Event::Reply(Reply::MessagesRead(text, read)));

    let screen = script.screen(80, 24);
    assert!(
        screen.contains("this message is no longer in the conversation"),
        "{screen}"
    );
}

#[test]
fn while_attached_nothing_is_stored_to_search() {
    let mut script = Script::attached();
    script.keys("ctrl-x /");
    let screen = script.screen(80, 24);
    assert!(
        screen.contains("stores no conversations to search"),
        "{screen}"
    );
}
