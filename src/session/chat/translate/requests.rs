//! Permissions, questions and prompts, in both directions.

use super::plain::relative;
use crate::domain::chat::{Permission, PermissionReply, Question, QuestionItem, QuestionOption};
use crate::opencode::wire::part::Input;
use crate::opencode::wire::request::{self, PermissionRequest, QuestionRequest};
use crate::opencode::wire::session::{self, ReplyWord};

/// `arguments` are those of the call that asks, as far as they are known.
pub fn permission(
    request: &PermissionRequest,
    arguments: Option<&Input>,
    directory: &str,
) -> Permission {
    let about = &request.metadata;
    let named = about.value("command").or_else(|| about.value("url"));
    let path = || {
        about
            .value("filepath")
            .map(|path| relative(path, directory))
    };
    let only = || match &request.patterns[..] {
        [pattern] => Some(pattern.as_str()),
        _ => None,
    };
    let subject = named.or_else(path).or_else(only).unwrap_or_default();
    let diff = about.value("diff").filter(|diff| !diff.is_empty());
    let arguments = arguments.filter(|arguments| !arguments.0.is_empty());
    let mut details: Vec<(String, String)> = Vec::new();
    for detail in about
        .0
        .iter()
        .chain(arguments.iter().flat_map(|input| &input.0))
    {
        let shown = detail.1 == subject || Some(detail.1.as_str()) == diff;
        if !shown && !details.contains(detail) {
            details.push(detail.clone());
        }
    }
    Permission {
        id: request.id.as_str().into(),
        session: request.session_id.as_str().into(),
        kind: request.permission.clone(),
        patterns: request.patterns.clone(),
        always: request.always.clone(),
        subject: subject.to_owned(),
        diff: diff.map(str::to_owned),
        details,
        lacks_arguments: request.tool.is_some() && about.0.is_empty() && arguments.is_none(),
        undecodable: request.undecodable,
        call_id: request.tool.as_ref().map(|tool| tool.call_id.clone()),
    }
}

pub fn question(request: QuestionRequest) -> Question {
    Question {
        id: request.id.into(),
        session: request.session_id.into(),
        items: request.questions.into_iter().map(item).collect(),
        undecodable: request.undecodable,
        call_id: request.tool.map(|tool| tool.call_id),
    }
}

pub(super) fn item(question: request::Question) -> QuestionItem {
    QuestionItem {
        header: question.header,
        question: question.question,
        options: question
            .options
            .into_iter()
            .map(|option| QuestionOption {
                label: option.label,
                description: option.description,
            })
            .collect(),
        multiple: question.multiple,
        custom: question.custom.unwrap_or(true),
    }
}

pub fn permission_reply(reply: PermissionReply) -> session::PermissionReply {
    let (reply, message) = match reply {
        PermissionReply::Once => (ReplyWord::Once, None),
        PermissionReply::Always => (ReplyWord::Always, None),
        PermissionReply::Reject { message } => (ReplyWord::Reject, message),
    };
    session::PermissionReply { reply, message }
}
