//! The event stream: server-sent events → [`Event`].
//!
//! It opens `/global/event` once and never again: `reqwest-eventsource`'s own retry is off, since after a lost
//! stream the caller has to fetch everything again. The server does not replay: what happens while no stream is open
//! is not sent later.

use std::time::Duration;

use futures::StreamExt as _;
use reqwest_eventsource::{Error, EventSource, retry};

use super::client::{OpencodeClient, whole_answer};
use super::error::OpencodeError;
use super::wire::event::Event;

const OPERATION: &str = "follow the events";

/// Timeout to read the body of a rejection.
const REFUSAL: Duration = Duration::from_secs(5);

/// An open stream, or one that is being opened. Dropping it closes the connection.
pub struct EventStream {
    source: EventSource,
}

/// Why there is no further event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StreamEnd {
    /// The server closed the stream in order.
    Ended,
    /// Nothing was received for the given time.
    Stalled,
    /// It was rejected, or it broke.
    Failed(OpencodeError),
}

impl EventStream {
    /// Starts opening the stream; the first [`Self::next`] reports whether that succeeded.
    pub fn open(client: &OpencodeClient) -> Result<Self, OpencodeError> {
        let source = EventSource::new(client.stream_request());
        let mut source = source.map_err(|_| OpencodeError::Request {
            operation: OPERATION,
            problem: "the request cannot be made",
        })?;
        source.set_retry_policy(Box::new(retry::Never));
        Ok(Self { source })
    }

    /// Waits for the next event; skips duplicates, which still count as signs of life.
    ///
    /// Cancel-safe up to the end: no event is lost when the future is dropped.
    ///
    /// # Errors
    /// [`StreamEnd::Stalled`] if nothing at all was received for `patience`. After any error the stream is over.
    pub async fn next(&mut self, patience: Duration) -> Result<Event, StreamEnd> {
        loop {
            let item = tokio::time::timeout(patience, self.source.next()).await;
            match item.map_err(|_| StreamEnd::Stalled)? {
                Some(Ok(reqwest_eventsource::Event::Open)) => {}
                Some(Ok(reqwest_eventsource::Event::Message(message))) => {
                    if let Some(event) = Event::parse(&message.data) {
                        return Ok(event);
                    }
                }
                None | Some(Err(Error::StreamEnded)) => return Err(StreamEnd::Ended),
                Some(Err(error)) => return Err(StreamEnd::Failed(told(error).await)),
            }
        }
    }
}

async fn told(error: Error) -> OpencodeError {
    let answer = match error {
        Error::Transport(error) => return OpencodeError::transport(OPERATION, error),
        Error::InvalidStatusCode(_, answer) => answer,
        Error::InvalidContentType(found, _) => {
            return OpencodeError::NotOpencode {
                operation: OPERATION,
                found: found.to_str().unwrap_or("no content type").to_owned(),
            };
        }
        Error::Utf8(_) | Error::Parser(_) | Error::InvalidLastEventId(_) | Error::StreamEnded => {
            return OpencodeError::Unreadable {
                operation: OPERATION,
                problem: "not an event stream".to_owned(),
            };
        }
    };
    match tokio::time::timeout(REFUSAL, whole_answer(OPERATION, answer)).await {
        Ok(Err(error)) => error,
        // A success other than 200 is no stream either.
        Ok(Ok(_)) => OpencodeError::NotOpencode {
            operation: OPERATION,
            found: "an answer without a stream".to_owned(),
        },
        Err(_) => OpencodeError::Timeout {
            operation: OPERATION,
            after: REFUSAL,
        },
    }
}
