use pretty_assertions::assert_eq;
use proptest::prelude::*;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

use super::choose::{ModelAnswer, Speech, answer};
use super::reply;
use super::request::ModelRequest;
use super::script::ScriptBook;
use super::{Pace, provider_config, serve_at};

const TOOLS: [&str; 8] = [
    "bash",
    "edit",
    "question",
    "read",
    "task",
    "todowrite",
    "webfetch",
    "write",
];

fn book() -> ScriptBook {
    ScriptBook::built_in().unwrap()
}

fn tools(names: &[&str]) -> Value {
    names
        .iter()
        .map(|name| json!({ "type": "function", "function": { "name": name } }))
        .collect()
}

fn system() -> Value {
    json!({ "role": "system", "content": "You are opencode.\n<env>\n  Working directory: /project\n</env>" })
}

/// A conversation whose last prompt is `prompt`, with all tools.
fn ask(earlier: &[Value], prompt: &str) -> Value {
    let mut messages = vec![system()];
    messages.extend_from_slice(earlier);
    messages.push(json!({ "role": "user", "content": prompt }));
    json!({ "stream": true, "messages": messages, "tools": tools(&TOOLS) })
}

fn speech(body: &Value) -> Speech {
    match answer(&book(), &ModelRequest::read(body)) {
        ModelAnswer::Say(speech) => speech,
        ModelAnswer::Fail { message, .. } => panic!("failed: {message}"),
    }
}

/// Plays a turn to its end; the result of each call is `result(tool)`.
fn play(mut body: Value, result: impl Fn(&str) -> String) -> Vec<Speech> {
    let mut steps = Vec::new();
    loop {
        let step = speech(&body);
        let messages = body["messages"].as_array_mut().unwrap();
        messages.push(json!({ "role": "assistant", "content": step.say }));
        for (tool, _) in &step.calls {
            messages.push(json!({ "role": "tool", "content": result(tool) }));
        }
        let ended = step.calls.is_empty();
        steps.push(step);
        assert!(steps.len() < 20, "the turn does not end");
        if ended {
            return steps;
        }
    }
}

fn called(steps: &[Speech]) -> Vec<&str> {
    steps
        .iter()
        .flat_map(|step| step.calls.iter().map(|(tool, _)| tool.as_str()))
        .collect()
}

#[test]
fn any_first_prompt_gets_the_tour_with_its_tools_in_order() {
    let steps = play(ask(&[], "why are there no errors in the tables?"), |_| {
        "done".to_owned()
    });

    let expected = ["question", "write", "bash", "read", "edit"];
    assert_eq!(called(&steps), expected);
    assert!(
        steps[0]
            .say
            .contains("> why are there no errors in the tables?")
    );
    assert_eq!(steps[1].calls[0].1["filePath"], "/project/sandbar-demo.sh");
}

#[test]
fn the_edit_of_the_tour_fits_what_it_wrote() {
    let steps = play(ask(&[], "hello"), |_| "done".to_owned());

    let content = steps[1].calls[0].1["content"].as_str().unwrap();
    let old = steps[4].calls[0].1["oldString"].as_str().unwrap();
    assert_eq!(content.matches(old).count(), 1, "{content}");
    assert!(!content.starts_with('\n') && content.contains("greeting=\"Hello\""));
}

#[test]
fn the_answer_to_the_question_is_used_without_what_a_shell_would_read() {
    let steps = play(ask(&[], "hello"), |tool| match tool {
        "question" => "User has answered your questions: \"How?\"=\"Ahoy $(rm); `x`\". You can \
                       now continue"
            .to_owned(),
        _ => "done".to_owned(),
    });

    let content = steps[1].calls[0].1["content"].as_str().unwrap();
    assert!(content.contains("greeting=\"Ahoy rm x\""), "{content}");
}

/// The keywords that the README documents.
fn promised() -> Vec<String> {
    let readme = include_str!("../../README.md");
    let readme: Vec<&str> = readme.split_whitespace().collect();
    let readme = readme.join(" ");
    let sentence = readme.split_once("A prompt that contains `").unwrap().1;
    let (list, _) = sentence
        .split_once("` shows that one thing instead")
        .unwrap();
    let words: Vec<String> = list.split('`').step_by(2).map(str::to_owned).collect();
    assert!(words.len() > 5, "{list}");
    words
}

fn script_of(body: &Value) -> ModelAnswer {
    answer(&book(), &ModelRequest::read(body))
}

#[test]
fn each_keyword_of_the_readme_shows_its_script_anywhere_in_any_prompt() {
    let earlier = [
        json!({ "role": "user", "content": "hi" }),
        json!({ "role": "assistant", "content": "hello" }),
    ];
    let tour = script_of(&ask(&[], "hello"));
    let mut shown = Vec::new();
    for keyword in promised() {
        let alone = script_of(&ask(&[], &keyword));
        assert_ne!(alone, tour, "{keyword}");
        assert!(
            !shown.contains(&alone),
            "{keyword} shows what another one shows"
        );
        // It writes the prompt itself.
        if keyword == "touch" {
            assert!(format!("{alone:?}").contains("touched.txt"));
            shown.push(alone);
            continue;
        }
        let upper = keyword.to_uppercase();
        for prompt in [
            format!("{keyword}, please"),
            format!("Could you show me what a {upper} looks like here?"),
            format!("one\ntwo (`{keyword}`)"),
            // The first keyword counts.
            format!("a {keyword} before any table, todo or error"),
        ] {
            for earlier in [&[][..], &earlier] {
                assert_eq!(script_of(&ask(earlier, &prompt)), alone, "{prompt}");
            }
        }
        // The keyword is not a whole word.
        for prompt in [
            format!("{keyword}ish"),
            format!("my_{keyword}"),
            format!("x{keyword}"),
        ] {
            assert_ne!(script_of(&ask(&[], &prompt)), alone, "{prompt}");
        }
        shown.push(alone);
    }
    let book = book();
    let others = book
        .all()
        .iter()
        .filter(|(name, script)| script.help.is_some() && *name != "tour");
    assert_eq!(shown.len(), others.count(), "the README names all");
}

#[test]
fn later_prompts_are_repeated_with_the_list_of_keywords() {
    let earlier = [
        json!({ "role": "user", "content": "hi" }),
        json!({ "role": "assistant", "content": "hello" }),
    ];

    let answer = speech(&ask(
        &earlier,
        "tennis at tables is fun,\nis it {keywords} not?",
    ));

    assert!(
        answer
            .say
            .contains("> tennis at tables is fun, is it {keywords} not?")
    );
    assert_eq!(answer.say.matches("- `think`: ").count(), 1);
}

#[test]
fn what_opencode_adds_to_a_prompt_is_not_repeated() {
    let parts = json!([
        { "type": "text", "text": "Called the Read tool with the following input: {}" },
        { "type": "text", "text": "<content>table</content>" },
        { "type": "text", "text": "look at this" },
        { "type": "text", "text": "<system-reminder>plan mode</system-reminder>" },
    ]);
    let body = json!({ "messages": [{ "role": "user", "content": parts }] });

    assert_eq!(ModelRequest::read(&body).prompt, "look at this");
}

#[test]
fn a_refusal_with_a_message_ends_the_turn_politely() {
    let steps = play(ask(&[], "permission"), |_| {
        "The user rejected permission to use this specific tool call with the following \
         feedback: no"
            .to_owned()
    });

    assert_eq!(steps.last().unwrap().say, "Understood, I won't read it.");
}

#[test]
fn tools_that_are_not_offered_are_not_called_and_their_text_is_kept() {
    let mut body = ask(&[], "hello");
    body["tools"] = tools(&["bash"]);

    let steps = play(body, |_| "done".to_owned());

    assert_eq!(called(&steps), ["bash"]);
    assert!(steps[0].say.contains("# A short tour") && steps[0].say.contains("Now I'll run it."));
}

#[test]
fn titles_are_short_and_made_of_the_prompt() {
    let title = |prompt: &str| {
        let body = json!({ "messages": [
            { "role": "system", "content": "You are a title generator. You output ONLY a title." },
            { "role": "user", "content": "Generate a title for this conversation:\n" },
            { "role": "user", "content": prompt },
        ]});
        speech(&body).say
    };

    assert_eq!(title("fix the build"), "Fix the build");
    assert_eq!(title(""), "Demo");
    let long = title(&"word ".repeat(100));
    assert!(long.chars().count() <= 50 && long.ends_with('…'), "{long}");
    let one = title(&"x".repeat(100));
    assert_eq!(one.chars().count(), 50);
}

#[test]
fn every_script_ends_and_each_of_its_answers_has_a_finish_reason_and_usage() {
    for (name, script) in book().all() {
        if script.fault.is_some() {
            continue;
        }
        assert!(script.help.is_some() || *name == "echo", "{name}");
        let prompt = if *name == "echo" { "and so on" } else { name };
        let earlier = [
            json!({ "role": "user", "content": "hi" }),
            json!({ "role": "assistant", "content": "hello" }),
        ];
        let body = ask(&earlier, prompt);
        let request = ModelRequest::read(&body);

        let steps = play(body, |_| "done".to_owned());

        let last = script.steps.last().unwrap();
        assert!(last.calls.is_empty(), "{name} ends with a call");
        assert_eq!(steps.len(), script.steps.len(), "{name}");
        for step in steps {
            let (text, finish, usage) = read_stream(&reply::frames(&step, &request));
            assert_eq!(text, step.say, "{name}");
            let expected = if step.calls.is_empty() {
                "stop"
            } else {
                "tool_calls"
            };
            assert_eq!(finish, expected, "{name}");
            assert!(usage["total_tokens"].as_u64().unwrap() > 0, "{name}");
        }
    }
}

/// Reads a stream as a client does: text, finish reason, usage.
fn read_stream(frames: &[String]) -> (String, String, Value) {
    let (last, chunks) = frames.split_last().unwrap();
    assert_eq!(last, "data: [DONE]\n\n");
    let (mut text, mut finish, mut usage) = (String::new(), Vec::new(), Vec::new());
    for frame in chunks {
        let data = frame.strip_prefix("data: ").unwrap();
        let data = data.strip_suffix("\n\n").unwrap();
        assert!(!data.contains('\n'), "more than one line: {data}");
        let chunk: Value = serde_json::from_str(data).unwrap();
        let choice = &chunk["choices"][0];
        text.push_str(choice["delta"]["content"].as_str().unwrap_or_default());
        finish.extend(choice["finish_reason"].as_str().map(str::to_owned));
        usage.extend(Some(chunk["usage"].clone()).filter(|usage| !usage.is_null()));
    }
    assert_eq!((finish.len(), usage.len()), (1, 1));
    (text, finish.remove(0), usage.remove(0))
}

#[test]
fn the_arguments_of_a_call_arrive_whole_though_in_pieces() {
    let body = ask(&[], "todo");
    let step = speech(&body);

    let frames = reply::frames(&step, &ModelRequest::read(&body));

    let arguments: String = frames
        .iter()
        .filter_map(|frame| serde_json::from_str::<Value>(frame.strip_prefix("data: ")?).ok())
        .filter_map(|chunk| {
            let call = &chunk["choices"][0]["delta"]["tool_calls"][0];
            Some(call["function"]["arguments"].as_str()?.to_owned())
        })
        .collect();
    let arguments: Value = serde_json::from_str(&arguments).unwrap();
    assert_eq!(arguments, step.calls[0].1);
}

#[test]
fn the_base_url_is_taken_with_or_without_its_version() {
    for base in ["http://127.0.0.1:1", "http://127.0.0.1:1/v1/"] {
        let config = provider_config(base);

        let url = &config["provider"]["demo"]["options"]["baseURL"];
        assert_eq!(url, "http://127.0.0.1:1/v1");
    }
}

async fn exchange(method: &str, path: &str, body: &str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let shutdown = CancellationToken::new();
    let server = tokio::spawn(serve_at(Pace::Instant, listener, shutdown.clone()));
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: demo\r\nconnection: close\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    shutdown.cancel();
    server.await.unwrap().unwrap();
    answer
}

#[tokio::test]
async fn a_stream_comes_as_server_sent_events_and_a_whole_answer_as_json() {
    let mut body = ask(&[], "table");
    let streamed = exchange("POST", "/v1/chat/completions", &body.to_string()).await;
    body["stream"] = json!(false);
    let whole = exchange("POST", "/v1/chat/completions", &body.to_string()).await;

    assert!(streamed.contains("content-type: text/event-stream"));
    assert!(streamed.contains("data: [DONE]"));
    let whole: Value = serde_json::from_str(whole.split_once("\r\n\r\n").unwrap().1).unwrap();
    assert_eq!(whole["choices"][0]["finish_reason"], "stop");
    assert_eq!(whole["choices"][0]["message"]["content"], speech(&body).say);
}

#[tokio::test]
async fn models_are_listed_and_anything_unknown_or_unreadable_is_a_json_error() {
    let models = exchange("GET", "/v1/models", "").await;
    let unknown = exchange("GET", "/nowhere", "").await;
    let garbage = exchange("POST", "/v1/chat/completions", "{").await;
    let refused = ask(&[], "error").to_string();
    let refused = exchange("POST", "/v1/chat/completions", &refused).await;

    assert!(models.contains(r#""id":"scripted""#), "{models}");
    assert!(unknown.starts_with("HTTP/1.1 404") && unknown.contains(r#"{"error":"#));
    assert!(garbage.starts_with("HTTP/1.1 400") && garbage.contains("not JSON"));
    assert!(refused.starts_with("HTTP/1.1 400") && refused.contains("as the keyword asked"));
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        prop::sample::select(vec![
            "user",
            "assistant",
            "tool",
            "table",
            "You are a title generator"
        ])
        .prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 5, |inner| {
        let key = prop::sample::select(vec![
            "messages", "role", "content", "tools", "function", "name", "text", "stream",
        ]);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map(key, inner, 0..5).prop_map(|fields| {
                fields
                    .into_iter()
                    .map(|(name, value)| (name.to_owned(), value))
                    .collect()
            }),
        ]
    })
}

proptest! {
    #[test]
    fn any_json_gets_an_answer_that_ends(
        messages in prop::collection::vec(any_json(), 0..4),
        rest in any_json(),
    ) {
        let book = book();
        for body in [json!({ "messages": messages, "tools": rest }), rest] {
            let request = ModelRequest::read(&body);
            if let ModelAnswer::Say(speech) = answer(&book, &request) {
                read_stream(&reply::frames(&speech, &request));
            }
        }
    }

    #[test]
    fn any_prompt_is_streamed_without_loss(prompt in "\\PC{0,80}") {
        let body = ask(&[], &prompt);
        let request = ModelRequest::read(&body);
        if let ModelAnswer::Say(speech) = answer(&book(), &request) {
            let (text, _, _) = read_stream(&reply::frames(&speech, &request));
            prop_assert_eq!(text, speech.say);
        }
    }
}
