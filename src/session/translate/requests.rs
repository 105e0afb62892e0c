//! Permissions, questions and prompts, in both directions.

use super::parts::{one_line, relative};
use crate::domain::chat::{Permission, PermissionReply, Question, QuestionItem, QuestionOption};
use crate::domain::session::Prompt;
use crate::opencode::wire::message::{ModelReference, PartInput, PromptRequest};
use crate::opencode::wire::session::{self, ReplyWord};

pub fn permission(request: session::PermissionRequest, directory: &str) -> Permission {
    let about = request.metadata;
    let named = about.command.or(about.url);
    let path = about
        .filepath
        .as_deref()
        .map(|path| relative(path, directory).to_owned());
    let subject = named.or(path).unwrap_or_else(|| request.patterns.join(" "));
    Permission {
        id: request.id.into(),
        session: request.session_id.into(),
        kind: request.permission,
        patterns: request.patterns,
        always: request.always,
        subject: one_line(&subject),
        diff: about.diff.filter(|diff| !diff.is_empty()),
        call_id: request.tool.map(|tool| tool.call_id),
    }
}

pub fn question(request: session::QuestionRequest) -> Question {
    let item = |question: session::Question| QuestionItem {
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
    };
    Question {
        id: request.id.into(),
        session: request.session_id.into(),
        items: request.questions.into_iter().map(item).collect(),
        call_id: request.tool.map(|tool| tool.call_id),
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

/// The ids go along, so that sending the result twice is harmless.
pub fn prompt(prompt: &Prompt) -> PromptRequest {
    PromptRequest {
        message_id: prompt.message.as_str().to_owned(),
        parts: vec![PartInput::Text {
            id: prompt.part.as_str().to_owned(),
            text: prompt.text.clone(),
        }],
        model: prompt.model.as_ref().map(|model| ModelReference {
            provider_id: model.provider.clone(),
            model_id: model.model.clone(),
        }),
        agent: prompt.agent.clone(),
    }
}
