//! Conversations, messages, parts and catalogs: wire → domain, one value at a time.

use super::plain::relative;
use super::tool;
use crate::domain::chat::{
    Agent, Catalog, ChatEvent, Conversation, Message, MessageError, MessageWithParts, Model,
    ModelAbilities, ModelPrice, ModelRef, Part, PartKind, RevertPoint, Role, Tokens, TurnStatus,
};
use crate::domain::prompt::FileKinds;
use crate::domain::sandbox::price::MicroDollars;
use crate::domain::time::UnixMillis;
use crate::opencode::wire::error_info::ErrorInfo;
use crate::opencode::wire::message::{self, MessagePage};
use crate::opencode::wire::part::{self, PartBody};
use crate::opencode::wire::{provider, session};

pub fn conversation(session: session::Session) -> Conversation {
    Conversation {
        id: session.id.into(),
        title: given(session.title),
        directory: session.directory,
        cost: session.cost,
        tokens: tokens(session.tokens),
        updated: UnixMillis(session.time.updated),
        reverted: session.revert.map(|revert| RevertPoint {
            message: revert.message_id.into(),
            part: revert.part_id.map(Into::into),
        }),
        shared: session.share.map(|share| share.url),
    }
}

/// The title, unless it is the placeholder that the server sets before the first turn (observed on 1.18.33).
fn given(title: String) -> String {
    if title.starts_with("New session - ") {
        String::new()
    } else {
        title
    }
}

pub fn tokens(tokens: session::Tokens) -> Tokens {
    Tokens {
        input: tokens.input,
        output: tokens.output,
        reasoning: tokens.reasoning,
        cache_read: tokens.cache.read,
        cache_write: tokens.cache.write,
    }
}

/// A status unknown to this version counts as busy: it is not idle.
pub fn status(status: session::SessionStatus) -> TurnStatus {
    match status {
        session::SessionStatus::Idle => TurnStatus::Idle,
        session::SessionStatus::Busy | session::SessionStatus::Unknown => TurnStatus::Busy,
        session::SessionStatus::Retry {
            attempt,
            message,
            next,
        } => TurnStatus::Retry {
            attempt,
            message,
            next: UnixMillis(next),
        },
    }
}

pub fn error(error: ErrorInfo) -> MessageError {
    MessageError {
        name: error.name,
        message: error.data.message,
    }
}

fn model(reference: message::MessageModel) -> ModelRef {
    ModelRef {
        provider: reference.provider_id,
        model: reference.model_id,
    }
}

pub fn message(info: message::Message) -> Message {
    let of_assistant = info.provider_id.zip(info.model_id);
    let of_user = info.model.as_ref();
    let of_user = of_user.and_then(|model| model.variant.clone());
    Message {
        id: info.id.into(),
        role: if info.role == "user" {
            Role::User
        } else {
            Role::Assistant
        },
        parent: info.parent_id.map(Into::into),
        created: UnixMillis(info.time.created),
        completed: info.time.completed.map(UnixMillis),
        agent: info.agent,
        model: of_assistant
            .map(|(provider, model)| ModelRef { provider, model })
            .or_else(|| info.model.map(model)),
        variant: info.variant.or(of_user),
        error: info.error.map(error),
        finish: info.finish,
        cost: info.cost,
        tokens: tokens(info.tokens),
        summary: info.summary,
    }
}

/// `directory` is the session's; paths below it are shown relative to it.
pub fn with_parts(fetched: message::MessageWithParts, directory: &str) -> MessageWithParts {
    let message = message(fetched.info);
    let parts = fetched
        .parts
        .into_iter()
        .map(|fetched| part(fetched, directory));
    MessageWithParts {
        parts: parts.collect(),
        message,
    }
}

/// The answer to a request for older messages.
pub fn older(page: MessagePage, directory: &str) -> ChatEvent {
    let more = page.older.is_some();
    let messages = page.messages.into_iter();
    ChatEvent::Older {
        page: messages
            .map(|fetched| with_parts(fetched, directory))
            .collect(),
        more,
    }
}

/// How many tools the messages of a page called.
pub fn tools_in(page: MessagePage, directory: &str) -> usize {
    let messages = page.messages.into_iter();
    let messages = messages.map(|fetched| with_parts(fetched, directory));
    let parts = messages.flat_map(|message| message.parts);
    parts
        .filter(|part| matches!(part.kind, PartKind::Tool(_)))
        .count()
}

pub fn part(part: part::Part, directory: &str) -> Part {
    let kind = match part.body {
        PartBody::Text {
            text,
            synthetic,
            time,
        } => PartKind::Text {
            // A user's text has no times and is complete from the start.
            ended: time.is_none_or(|time| time.end.is_some()),
            text,
            synthetic,
        },
        PartBody::Reasoning { text, time } => PartKind::Reasoning {
            text,
            started: time.and_then(|time| time.start).map(UnixMillis),
            ended: time.and_then(|time| time.end).map(UnixMillis),
        },
        PartBody::Tool(call) => PartKind::Tool(Box::new(tool::tool_call(*call, directory))),
        PartBody::File { mime, filename, .. } => PartKind::File {
            filename: filename.unwrap_or_default(),
            mime,
        },
        PartBody::Agent { name, .. } => PartKind::Asks {
            agent: name,
            what: String::new(),
        },
        PartBody::Subtask { agent, description } => PartKind::Asks {
            agent,
            what: description,
        },
        PartBody::StepStart => PartKind::StepStart,
        PartBody::StepFinish {
            reason,
            cost,
            tokens: used,
        } => PartKind::StepFinish {
            reason,
            cost,
            tokens: tokens(used),
        },
        PartBody::Patch { files } => PartKind::Patch {
            files: files
                .iter()
                .map(|file| relative(file, directory).to_owned())
                .collect(),
        },
        PartBody::Compaction { auto } => PartKind::Compaction { auto },
        PartBody::Retry { attempt, error } => PartKind::Retry {
            attempt,
            message: error.data.message,
        },
        PartBody::Unknown(kind) => PartKind::Unknown { kind },
    };
    Part {
        id: part.id.into(),
        message: part.message_id.into(),
        kind,
    }
}

/// `configured` is the configuration's `provider/model`; without it the first provider's default applies, as in the
/// server.
pub fn catalog(
    listing: provider::Providers,
    agents: Vec<provider::Agent>,
    configured: Option<&str>,
) -> Catalog {
    let first = listing.providers.iter().find_map(|offer| {
        let model = listing.default.get(&offer.id)?.clone();
        Some(ModelRef {
            provider: offer.id.clone(),
            model,
        })
    });
    let configured = configured
        .and_then(|name| name.split_once('/'))
        .map(|(provider, model)| ModelRef {
            provider: provider.to_owned(),
            model: model.to_owned(),
        });
    let shown = |agent: &provider::Agent| agent.mode != "subagent" && !agent.hidden;
    Catalog {
        models: listing.providers.into_iter().flat_map(models).collect(),
        agents: agents
            .into_iter()
            .filter(shown)
            .map(|agent| Agent {
                name: agent.name,
                description: agent.description,
            })
            .collect(),
        default_model: configured.or(first),
    }
}

fn models(offer: provider::Provider) -> impl Iterator<Item = Model> {
    let provider = offer.id;
    let provider_name = match offer.name {
        name if name.is_empty() => provider.clone(),
        name => name,
    };
    let current = offer
        .models
        .0
        .into_iter()
        .filter(|(_, model)| model.status != "deprecated");
    current.map(move |(id, model)| Model {
        name: if model.name.is_empty() {
            id.clone()
        } else {
            model.name
        },
        reference: ModelRef {
            provider: provider.clone(),
            model: id,
        },
        provider_name: provider_name.clone(),
        context_limit: model.limit.context,
        price: model.cost.map(|cost| ModelPrice {
            input: dollars(cost.input),
            output: dollars(cost.output),
        }),
        abilities: ModelAbilities {
            images: model.capabilities.input.is_some_and(|input| input.image),
            reasoning: model.capabilities.reasoning,
            tools: model.capabilities.toolcall,
            unread: model
                .capabilities
                .input
                .map_or(FileKinds::default(), |input| FileKinds {
                    images: !input.image,
                    pdfs: input.pdf == Some(false),
                }),
        },
        variants: model.variants.names().map(str::to_owned).collect(),
    })
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a float cast saturates, and no price is negative"
)]
fn dollars(amount: f64) -> MicroDollars {
    MicroDollars((amount * 1_000_000.0).round() as u64)
}
