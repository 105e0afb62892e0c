//! Logins to providers in the browser: what is asked, what is shown, how they end.

use pretty_assertions::assert_eq;

use crate::app::tests::*;
use crate::domain::secret::SecretText;
use crate::domain::server::login::{
    LoginCondition, LoginKind, LoginMethod, LoginOption, LoginQuestion, LoginStep,
};
use crate::domain::server::{ProviderOffer, ServerAnswer, ServerCommand};
use crate::domain::session::SessionCommand;

fn told(script: &mut Script, answer: ServerAnswer) {
    script.session("one", SessionEvent::Server(answer));
}

fn commands(script: &mut Script) -> Vec<ServerCommand> {
    let asked = script.asked().into_iter();
    let commands = asked.filter_map(|effect| match effect {
        Effect::Command(_, SessionCommand::Server(command)) => Some(command),
        _ => None,
    });
    commands.collect()
}

fn browser(number: usize, label: &str, questions: Vec<LoginQuestion>) -> LoginMethod {
    LoginMethod {
        number,
        kind: LoginKind::Browser,
        label: label.to_owned(),
        questions,
    }
}

fn questions() -> Vec<LoginQuestion> {
    let option = |value: &str, label: &str, hint: &str| LoginOption {
        label: label.to_owned(),
        value: value.to_owned(),
        hint: hint.to_owned(),
    };
    let kind = LoginQuestion {
        key: "kind".to_owned(),
        words: "Which Acme?".to_owned(),
        example: String::new(),
        options: vec![
            option("public", "acme.example", "Public"),
            option("own", "Acme Enterprise", "Self-hosted"),
        ],
        condition: None,
    };
    let host = LoginQuestion {
        key: "host".to_owned(),
        words: "The address of your Acme Enterprise".to_owned(),
        example: "acme.company.example".to_owned(),
        options: Vec::new(),
        condition: Some(LoginCondition {
            key: "kind".to_owned(),
            is: true,
            value: "own".to_owned(),
        }),
    };
    vec![kind, host]
}

/// A session whose server offers one provider with these ways to log in.
pub(in crate::app::tests) fn offered(methods: Vec<LoginMethod>) -> Script {
    let mut script = Script::with_stored(vec![row("one", 1)]);
    script.phase("one", Phase::Live);
    script.status("one", TurnStatus::Idle);
    script.keys("ctrl-x K");
    let offers = vec![ProviderOffer {
        id: "acme".to_owned(),
        name: "Acme AI".to_owned(),
        is_connected: false,
        methods,
    }];
    told(&mut script, ServerAnswer::Providers(offers));
    script.asked();
    script.keys("enter");
    script
}

fn begun(wants_code: bool) -> ServerAnswer {
    let url = "https://acme.example/oauth/authorize?response_type=code&client_id=app_EMoamEEZ73f0CkXaXp7hrann&scope=openid+profile&code_challenge=_-lwrsm_rg3HwojsUxrzoUl38RNm";
    ServerAnswer::LoginBegun {
        method: 0,
        provider: "acme".to_owned(),
        step: Ok(LoginStep {
            url: url.to_owned(),
            instructions: "Log in and come back.".to_owned(),
            wants_code,
        }),
    }
}

fn ended(is_used: Result<bool, Failure>) -> ServerAnswer {
    ServerAnswer::LoginEnded {
        provider: "acme".to_owned(),
        is_used,
    }
}

fn finish(code: Option<&str>) -> ServerCommand {
    ServerCommand::FinishLogin {
        provider: "acme".to_owned(),
        method: 0,
        code: code.map(SecretText::new),
    }
}

/// A login whose address is known.
pub(in crate::app::tests) fn opened(wants_code: bool) -> Script {
    let mut script = offered(vec![browser(0, "Acme Pro", Vec::new())]);
    told(&mut script, begun(wants_code));
    script
}

#[test]
fn the_ways_to_log_in_and_what_they_have_to_know_are_chosen_and_typed() {
    let mut script = offered(vec![
        browser(0, "Acme Pro", questions()),
        LoginMethod {
            number: 1,
            ..LoginMethod::key()
        },
    ]);
    let ways = script.screen(80, 24);
    let which = script.keys("enter").screen(80, 24);
    let host = script.keys("down enter").screen(80, 24);
    insta::assert_snapshot!([ways, which, host].join("\n----\n"));

    script.type_text("acme.here").keys("enter");

    let answer = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    let command = ServerCommand::BeginLogin {
        provider: "acme".to_owned(),
        method: 0,
        answers: vec![answer("kind", "own"), answer("host", "acme.here")],
    };
    assert_eq!(commands(&mut script), [command]);
}

#[test]
fn a_question_that_the_answers_do_not_call_for_is_not_asked() {
    let mut script = offered(vec![browser(0, "Acme Pro", questions())]);

    script.keys("enter");

    let command = ServerCommand::BeginLogin {
        provider: "acme".to_owned(),
        method: 0,
        answers: vec![("kind".to_owned(), "public".to_owned())],
    };
    assert_eq!(commands(&mut script), [command]);
}

#[test]
fn a_login_shows_its_address_and_waits_until_the_server_knows() {
    let mut script = opened(false);
    let begin = ServerCommand::BeginLogin {
        provider: "acme".to_owned(),
        method: 0,
        answers: Vec::new(),
    };
    assert_eq!(commands(&mut script), [begin, finish(None)]);
    insta::assert_snapshot!(script.screen(80, 24));

    script.keys("enter ctrl-y");
    let asked = script.asked();
    assert!(matches!(&asked[0], Effect::OpenLink(url) if url.ends_with("UxrzoUl38RNm")));
    assert!(matches!(&asked[1], Effect::Copy(url) if url.ends_with("UxrzoUl38RNm")));
    told(&mut script, ended(Ok(true)));

    assert!(script.app.overlays.is_empty());
    let screen = script.screen(80, 24);
    assert!(screen.contains("logged in to acme"), "{screen}");
}

#[test]
fn a_code_is_typed_unseen_and_sent() {
    let mut script = opened(true);
    script.asked();
    script.type_text("code-");
    script.event(Event::Paste("secret \n".to_owned()));
    let screen = script.screen(80, 24);
    assert!(
        !screen.contains("code-") && !screen.contains("secret"),
        "{screen}"
    );
    assert!(!format!("{:?}", script.app).contains("secret"));
    insta::assert_snapshot!(screen);

    script.keys("enter");
    assert_eq!(commands(&mut script), [finish(Some("code-secret"))]);
    let failure = Failure::new("the provider did not accept the login")
        .hint("a code works only once and only for a short time: begin again");
    told(&mut script, ended(Err(failure)));
    insta::assert_snapshot!(script.screen(80, 24));

    script.keys("enter");
    assert!(matches!(
        commands(&mut script).as_slice(),
        [ServerCommand::BeginLogin { .. }]
    ));
}

#[test]
fn a_cancelled_login_is_not_waited_for() {
    let mut script = opened(false);
    script.asked();

    script.keys("esc");

    assert_eq!(commands(&mut script), [ServerCommand::CancelLogin]);
    assert!(script.app.overlays.is_empty());
}

#[test]
fn a_login_that_is_cancelled_before_its_address_is_known_leaves_no_server_waiting() {
    let mut script = offered(vec![browser(0, "Acme Pro", Vec::new())]);
    script.keys("esc");
    commands(&mut script);

    told(&mut script, begun(false));

    let asked = [finish(None), ServerCommand::CancelLogin];
    assert_eq!(commands(&mut script), asked);
    assert!(script.app.overlays.is_empty());
}

#[test]
fn a_login_that_is_lost_with_the_connection_begins_again() {
    let mut script = opened(false);
    script.phase("one", Phase::Paused);
    let screen = script.screen(80, 24);
    assert!(
        screen.contains("The connection to the server was lost"),
        "{screen}"
    );
    script.phase("one", Phase::Live);
}

#[test]
fn an_address_that_is_no_web_page_is_neither_opened_nor_copied() {
    for (url, words) in [
        ("file:///etc/passwd", "does not open or copy it"),
        ("https://e.org/\u{202e}gpj", "does not open or copy it"),
        (
            "https://e.org/?redirect_uri=http%3A%2F%2Flocalhost%3A1455%2Fauth",
            "goes to localhost:1455",
        ),
    ] {
        let mut script = offered(vec![browser(0, "Acme\u{1b}[31m", Vec::new())]);
        let step = LoginStep {
            url: url.to_owned(),
            instructions: "a\u{1b}]0;b\u{7}".to_owned(),
            wants_code: true,
        };
        let provider = "acme".to_owned();
        told(
            &mut script,
            ServerAnswer::LoginBegun {
                provider,
                method: 0,
                step: Ok(step),
            },
        );
        script.asked();
        let screen = script.screen(80, 24);
        assert!(screen.contains(words), "{screen}");
        assert!(!screen.contains('\u{1b}'));
        script.keys("enter ctrl-y");
        assert_eq!(script.asked().is_empty(), !url.contains("localhost"));
    }
}

#[test]
fn providers_that_cannot_be_listed_say_why_and_how_to_ask_again() {
    let mut script = Script::with_stored(vec![row("one", 1)]);
    script.phase("one", Phase::Live);
    script.keys("ctrl-x K");
    let failure = Failure::new("OpenCode did not answer in time");

    told(&mut script, ServerAnswer::ProvidersFailed(failure));

    let screen = script.screen(120, 24);
    assert!(!screen.contains("asking the server"), "{screen}");
    assert!(screen.contains("did not answer in time"), "{screen}");
    assert!(screen.contains("ctrl-x K asks again"), "{screen}");
}
