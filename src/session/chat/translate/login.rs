//! Ways to log in to a provider: wire → domain.

use crate::domain::server::login::{
    LoginCondition, LoginKind, LoginMethod, LoginOption, LoginQuestion, LoginStep,
};
use crate::opencode::wire::login::{self as wire, LoginPrompt, PromptCondition, PromptOption};

/// The methods that are known; each keeps the server's number.
pub(super) fn methods(list: &[Option<wire::LoginMethod>]) -> Vec<LoginMethod> {
    let numbered = list.iter().enumerate();
    let numbered = numbered.filter_map(|(number, method)| Some((number, method.as_ref()?)));
    let methods = numbered.filter_map(|(number, method)| {
        let (kind, name) = match method.kind.as_str() {
            "api" => (LoginKind::Key, "API key"),
            "oauth" => (LoginKind::Browser, "Browser login"),
            _ => return None,
        };
        Some(LoginMethod {
            number,
            kind,
            label: named(&method.label, name),
            questions: method.prompts.iter().map(question).collect(),
        })
    });
    methods.collect()
}

fn question(prompt: &LoginPrompt) -> LoginQuestion {
    let option = |option: &PromptOption| LoginOption {
        label: named(&option.label, &option.value),
        value: option.value.clone(),
        hint: option.hint.clone(),
    };
    let condition = |when: &PromptCondition| LoginCondition {
        key: when.key.clone(),
        is: when.op != "neq",
        value: when.value.clone(),
    };
    LoginQuestion {
        words: named(&prompt.message, &prompt.key),
        key: prompt.key.clone(),
        example: prompt.placeholder.clone(),
        options: prompt.options.iter().map(option).collect(),
        condition: prompt.when.as_ref().map(condition),
    }
}

fn named(label: &str, otherwise: &str) -> String {
    if label.trim().is_empty() {
        otherwise.to_owned()
    } else {
        label.to_owned()
    }
}

pub fn step(begun: wire::Authorization) -> LoginStep {
    LoginStep {
        wants_code: begun.method == "code",
        url: begun.url,
        instructions: begun.instructions,
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;
    use crate::opencode::wire::login::LoginMethods;

    #[test]
    fn an_unreadable_method_does_not_move_those_behind_it() {
        let wire: LoginMethods = serde_json::from_str(
            r#"{"acme":[{"type":7},{"type":"oauth","label":"In the browser","prompts":[
                {"type":"select","key":"kind","message":"Which?","options":[{"label":"Own","value":"own","hint":"h"},7]},
                {"type":"text","key":"host","message":null,"placeholder":"e.org","when":{"key":"kind","op":"eq","value":"own"}},
                {"type":"text"}]},{"type":"other"},{"type":"api","label":null}],"odd":7}"#,
        )
        .unwrap();

        let methods = methods(&wire.0[0].1);

        assert_eq!(wire.0.len(), 2);
        let question = |key: &str, words: &str, example: &str| LoginQuestion {
            key: key.to_owned(),
            words: words.to_owned(),
            example: example.to_owned(),
            options: Vec::new(),
            condition: None,
        };
        let browser = LoginMethod {
            number: 1,
            kind: LoginKind::Browser,
            label: "In the browser".to_owned(),
            questions: vec![
                LoginQuestion {
                    options: vec![LoginOption {
                        label: "Own".to_owned(),
                        value: "own".to_owned(),
                        hint: "h".to_owned(),
                    }],
                    ..question("kind", "Which?", "")
                },
                LoginQuestion {
                    condition: Some(LoginCondition {
                        key: "kind".to_owned(),
                        is: true,
                        value: "own".to_owned(),
                    }),
                    ..question("host", "host", "e.org")
                },
            ],
        };
        let key = LoginMethod {
            number: 3,
            ..LoginMethod::key()
        };
        assert_eq!(methods, [browser, key]);
    }
}
