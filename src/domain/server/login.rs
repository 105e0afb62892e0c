//! Logins to providers: by a key, or in the browser.
//!
//! The server knows which ways a provider has, what each has to know first, and how it goes on. A login in the browser
//! begins with an address ([`LoginStep`]); then the server waits until the user has logged in there, or for a code
//! that the page shows.

/// A way to log in to a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoginMethod {
    /// The server's number for it.
    pub number: usize,
    pub kind: LoginKind,
    pub label: String,
    /// What has to be known first, in order.
    pub questions: Vec<LoginQuestion>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoginKind {
    /// A key is typed.
    Key,
    Browser,
}

/// Something that a login has to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoginQuestion {
    /// The name of the answer.
    pub key: String,
    pub words: String,
    /// An example of an answer; may be empty.
    pub example: String,
    /// The answers to choose from; none: it is typed.
    pub options: Vec<LoginOption>,
    pub condition: Option<LoginCondition>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoginOption {
    pub label: String,
    pub value: String,
    /// May be empty.
    pub hint: String,
}

/// A question is asked only if the answer to an earlier one is this value, or is not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoginCondition {
    pub key: String,
    pub is: bool,
    pub value: String,
}

/// Answers to the questions of a login, by their names.
pub type LoginAnswers = Vec<(String, String)>;

impl LoginMethod {
    /// The key of a provider of which the server says nothing.
    pub fn key() -> Self {
        Self {
            number: 0,
            kind: LoginKind::Key,
            label: "API key".to_owned(),
            questions: Vec::new(),
        }
    }

    /// The first question from this index on that the answers so far call for, with its index.
    pub fn next_question(
        &self,
        from: usize,
        answers: &LoginAnswers,
    ) -> Option<(usize, &LoginQuestion)> {
        let questions = self.questions.iter().enumerate().skip(from);
        let mut called = questions.filter(|(_, question)| {
            question.condition.as_ref().is_none_or(|condition| {
                let mut given = answers.iter();
                let given = given.find(|(key, _)| *key == condition.key);
                let is_it = given.is_some_and(|(_, value)| *value == condition.value);
                is_it == condition.is
            })
        });
        called.next()
    }
}

/// Where the user logs in, and how it goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoginStep {
    pub url: String,
    /// What the provider tells the user; may be empty.
    pub instructions: String,
    /// The page shows a code, which the server needs. Otherwise the server learns of the login by itself.
    pub wants_code: bool,
}

/// A longer address is no page to log in on.
const LONGEST_URL: usize = 4_000;

impl LoginStep {
    /// Whether the address is one to open: a page of the web, in visible characters.
    pub fn is_web_page(&self) -> bool {
        let page = ["https://", "http://"];
        let rest = page.iter().find_map(|scheme| self.url.strip_prefix(scheme));
        rest.is_some_and(|rest| !rest.is_empty())
            && self.url.len() <= LONGEST_URL
            && self.url.chars().all(|c| c.is_ascii_graphic())
    }

    /// The page hands the login over to an address of the server's own machine: `localhost:1455`. A browser elsewhere
    /// does not reach it.
    pub fn returns_to(&self) -> Option<String> {
        let lower = self.url.to_ascii_lowercase();
        let (_, after) = lower.split_once("redirect_uri=http%3a%2f%2f")?;
        let end = after.find(['&', '#']).unwrap_or(after.len());
        let target = after[..end].replace("%3a", ":").replace("%2f", "/");
        let host = target.split('/').next().unwrap_or_default();
        let name = host.split(':').next().unwrap_or_default();
        matches!(name, "localhost" | "127.0.0.1").then(|| host.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question(key: &str, condition: Option<(&str, bool, &str)>) -> LoginQuestion {
        LoginQuestion {
            key: key.to_owned(),
            words: String::new(),
            example: String::new(),
            options: Vec::new(),
            condition: condition.map(|(key, is, value)| LoginCondition {
                key: key.to_owned(),
                is,
                value: value.to_owned(),
            }),
        }
    }

    #[test]
    fn only_questions_that_the_answers_call_for_are_asked() {
        let method = LoginMethod {
            questions: vec![
                question("kind", None),
                question("host", Some(("kind", true, "own"))),
                question("region", Some(("kind", false, "own"))),
            ],
            ..LoginMethod::key()
        };
        let asked = |from, answers: &[(&str, &str)]| {
            let answers = answers.iter();
            let answers = answers.map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
            let next = method.next_question(from, &answers.collect());
            next.map(|(_, question)| question.key.clone())
        };

        assert_eq!(asked(0, &[]).as_deref(), Some("kind"));
        assert_eq!(asked(1, &[("kind", "own")]).as_deref(), Some("host"));
        assert_eq!(asked(2, &[("kind", "own")]), None);
        assert_eq!(asked(1, &[("kind", "public")]).as_deref(), Some("region"));
        assert_eq!(asked(1, &[]).as_deref(), Some("region"));
    }

    #[test]
    fn a_login_that_returns_to_the_servers_machine_says_where() {
        let step = |url: &str| LoginStep {
            url: url.to_owned(),
            instructions: String::new(),
            wants_code: false,
        };
        let local = "https://a.b/c?redirect_uri=http%3A%2F%2Flocalhost%3A1455%2Fauth&x=1";

        assert_eq!(step(local).returns_to().as_deref(), Some("localhost:1455"));
        let public = "https://a.b/c?redirect_uri=https%3A%2F%2Fe.org%2Fauth";
        assert_eq!(step(public).returns_to(), None);
        assert_eq!(step("https://a.b/device").returns_to(), None);
    }

    #[test]
    fn only_a_page_of_the_web_is_opened() {
        for (url, opens) in [
            ("https://a.b/c?d=e", true),
            ("http://127.0.0.1:9/", true),
            ("file:///etc/passwd", false),
            ("javascript:alert(1)", false),
            ("https://", false),
            ("https://a.b/ c", false),
            ("https://a.b/\u{202e}c", false),
            ("https://a.b/\u{1b}[31m", false),
        ] {
            let step = LoginStep {
                url: url.to_owned(),
                instructions: String::new(),
                wants_code: false,
            };
            assert_eq!(step.is_web_page(), opens, "{url}");
        }
    }
}
