//! The control plane: creates, finds, pauses and kills sandboxes over REST.
//!
//! It uses the current paths (`/v2/sandboxes`), and older ones if a server lacks them; the choice is remembered.
//! Nothing is retried here: errors say whether and when a retry makes sense. Paths, methods and bodies are those
//! recorded from the official SDKs.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use http::{HeaderMap, Method, StatusCode, header};
use jiff::Timestamp;
use reqwest::{RequestBuilder, Url};
use secrecy::SecretString;
use serde::Serialize;

use super::error::{ErrorKind, Result};
use super::exchange::{During, Exchange, KindResult, MAX_JSON, ReceivedAnswer, secret_header, url};
use super::list::{ListFilter, ListPage};
use super::plan::PlanLimits;
use super::wire::{
    ConnectSandbox, ListedSandbox, NewSandbox, PauseSandbox, Sandbox, SandboxDetail, SetTimeout,
    unix_millis,
};
use crate::net::http::Pool;

/// As in the official SDKs: creating a sandbox may take long, everything else does not.
const REQUEST_LIMIT: Duration = Duration::from_mins(1);
/// The current paths' default if no timeout is given; the older ones differ.
const DEFAULT_TIMEOUT_SECS: i64 = 300;

/// Calls the control plane of one account. Cheap to clone; clones share what was learnt.
#[derive(Clone)]
pub struct ControlClient {
    http: Pool,
    api: Url,
    /// `X-API-KEY`, marked as sensitive.
    headers: HeaderMap,
    exchange: Exchange,
    paths: Arc<AtomicU8>,
    plan: PlanLimits,
}

/// Which paths a server has: an [`AtomicU8`] with one of these.
mod paths {
    pub(super) const UNKNOWN: u8 = 0;
    pub(super) const CURRENT: u8 = 1;
    pub(super) const OLD: u8 = 2;
}

/// Response of `GET /templates/aliases/{alias}`.
#[derive(serde::Deserialize)]
struct Alias {
    #[serde(rename = "templateID")]
    _template_id: String,
}

/// A sandbox after a connect call.
#[derive(Debug, Clone)]
pub struct ConnectedSandbox {
    pub sandbox: Sandbox,
    /// It was paused before: its processes are as they were, its connections are not.
    pub resumed: bool,
}

impl ControlClient {
    /// The HTTP client must have no timeout of its own below 60 s for a whole request.
    pub fn new(http: impl Into<Pool>, api: Url, key: SecretString) -> Result<Self> {
        let mut headers = HeaderMap::new();
        secret_header(&mut headers, "x-api-key", &key)
            .during(|| "use the E2B API key".to_owned())?;
        let exchange = Exchange {
            limit: REQUEST_LIMIT,
            secret: Some(key),
        };
        Ok(Self {
            http: http.into(),
            api,
            headers,
            exchange,
            paths: Arc::default(),
            plan: PlanLimits::default(),
        })
    }

    /// Changes the timeout of a whole call.
    #[must_use]
    pub fn with_limit(mut self, limit: Duration) -> Self {
        self.exchange.limit = limit;
        self
    }

    /// Creates a sandbox; it runs when this returns.
    ///
    /// On servers with only the older path `secure` is set, since without it there would be no access token and
    /// anyone who knows the id could run commands. A timeout that exceeds the account's plan is cut to its limit.
    pub async fn create(&self, new: &NewSandbox) -> Result<Sandbox> {
        let asked = new.timeout.and_then(|secs| u64::try_from(secs).ok());
        let call = |timeout: Option<Duration>| async move {
            let mut body = new.clone();
            body.timeout = timeout.map(whole_secs).or(body.timeout);
            let current = self.post(&["v2", "sandboxes"], &body);
            let old = || {
                let mut body = body.clone();
                body.secure = Some(true);
                body.timeout.get_or_insert(DEFAULT_TIMEOUT_SECS);
                self.post(&["sandboxes"], &body)
            };
            self.either(current, old).await?.accepted()?.json()
        };
        let created = self.as_allowed(asked.map(Duration::from_secs), call);
        created
            .await
            .during(|| format!("create a sandbox from template {}", new.template_id))
    }

    /// Connects to a running sandbox or resumes a paused one. The timeout of a running one is only extended. A
    /// timeout that exceeds the account's plan is cut to its limit.
    pub async fn connect(&self, id: &str, timeout: Option<Duration>) -> Result<ConnectedSandbox> {
        let call = |timeout: Option<Duration>| async move {
            let timeout = timeout.map(whole_secs);
            let body = ConnectSandbox { timeout };
            let current = self.post(&["v2", "sandboxes", id, "connect"], &body);
            let old = || {
                let timeout = Some(timeout.unwrap_or(DEFAULT_TIMEOUT_SECS));
                self.post(&["sandboxes", id, "connect"], &ConnectSandbox { timeout })
            };
            let answer = self.either(current, old).await?.accepted()?;
            let resumed = answer.status == StatusCode::CREATED;
            Ok(ConnectedSandbox {
                sandbox: answer.json()?,
                resumed,
            })
        };
        let connected = self.as_allowed(timeout, call);
        connected
            .await
            .during(|| format!("connect to sandbox {id}"))
    }

    /// The longest sandbox lifetime that the account's plan allows, if a call has shown it.
    pub fn longest_life(&self) -> Option<Duration> {
        self.plan.longest()
    }

    /// Makes a call with as much of the timeout as the plan allows; the server may reject more.
    async fn as_allowed<T, F>(
        &self,
        asked: Option<Duration>,
        call: impl Fn(Option<Duration>) -> F,
    ) -> KindResult<T>
    where
        F: Future<Output = KindResult<T>>,
    {
        let Some(asked) = asked else {
            return call(None).await;
        };
        let first = self.plan.allowed(asked);
        match call(Some(first)).await {
            Err(kind) if self.plan.refused(&kind, first) => {
                call(Some(self.plan.allowed(asked))).await
            }
            done => done,
        }
    }

    pub async fn get(&self, id: &str) -> Result<SandboxDetail> {
        let request = self.request(Method::GET, &["sandboxes", id]);
        let detail = async { self.send(request).await?.accepted()?.json() };
        detail.await.during(|| format!("look up sandbox {id}"))
    }

    /// A sandbox's remaining time, by the server's own clock: ours may be wrong.
    pub async fn time_left(&self, id: &str) -> Result<Duration> {
        Ok(self.life(id).await?.0)
    }

    /// A sandbox's remaining time, and its total time from start to end.
    async fn life(&self, id: &str) -> Result<(Duration, Duration)> {
        let request = self.request(Method::GET, &["sandboxes", id]);
        let lookup = async {
            let answer = self.send(request).await?.accepted()?;
            let detail: SandboxDetail = answer.json()?;
            let ends = unix_millis(&detail.listed.end_at).ok_or_else(|| ErrorKind::Unreadable {
                cause: "its end time is not valid".to_owned(),
            })?;
            let now = told_at(&answer.headers).unwrap_or_else(|| Timestamp::now().as_millisecond());
            let began = unix_millis(&detail.listed.started_at).unwrap_or(now);
            let until_end = |from: i64| {
                let millis = u64::try_from(ends.saturating_sub(from)).unwrap_or(0);
                Duration::from_millis(millis)
            };
            Ok((until_end(now), until_end(began)))
        };
        lookup.await.during(|| format!("look up sandbox {id}"))
    }

    /// Whether a template has this name and can be used with this key.
    pub async fn has_template(&self, name: &str) -> Result<bool> {
        let request = self.request(Method::GET, &["templates", "aliases", name]);
        let lookup = async {
            match self.send(request).await?.accepted() {
                // Another program may respond with anything.
                Ok(answer) => answer.json::<Alias>().map(|_| true),
                // A forbidden template is somebody else's private one.
                Err(ErrorKind::NotFound { .. } | ErrorKind::Forbidden { .. }) => Ok(false),
                Err(kind) => Err(kind),
            }
        };
        lookup.await.during(|| format!("look up template {name}"))
    }

    /// Fetches one page, newest first; `next` comes from the previous page.
    ///
    /// Servers with only the older path list running sandboxes and have no pages.
    pub async fn list(&self, filter: &ListFilter, next: Option<&str>) -> Result<ListPage> {
        let current = self
            .request(Method::GET, &["v2", "sandboxes"])
            .query(&filter.query(next));
        let old = || {
            self.request(Method::GET, &["sandboxes"])
                .query(&filter.old_query())
        };
        let page = async {
            let answer = self.either(current, old).await?.accepted()?;
            let next = answer
                .headers
                .get("x-next-token")
                .and_then(|value| value.to_str().ok());
            let next = next
                .filter(|token| !token.is_empty())
                .map(ToOwned::to_owned);
            Ok(ListPage {
                sandboxes: answer.json()?,
                next,
            })
        };
        page.await.during(|| "list sandboxes".to_owned())
    }

    /// Fetches pages until the last one, or until there are at least `max` sandboxes.
    pub async fn list_all(&self, filter: &ListFilter, max: usize) -> Result<Vec<ListedSandbox>> {
        let mut all = Vec::new();
        let mut next = None;
        loop {
            let page = self.list(filter, next.as_deref()).await?;
            // An empty or repeated page would loop forever.
            let stop = page.sandboxes.is_empty() || page.next == next;
            all.extend(page.sandboxes);
            next = page.next;
            if stop || next.is_none() || all.len() >= max {
                return Ok(all);
            }
        }
    }

    /// Sets the timeout from now on, longer or shorter than before; returns the remaining time by the server's own
    /// clock: it silently cuts what exceeds the account's plan.
    pub async fn set_timeout(&self, id: &str, timeout: Duration) -> Result<Duration> {
        let call = |timeout: Option<Duration>| async move {
            let timeout = whole_secs(timeout.unwrap_or_default());
            let request = self.post(&["sandboxes", id, "timeout"], &SetTimeout { timeout });
            self.send(request).await?.accepted().map(drop)
        };
        let set = self.as_allowed(Some(timeout), call);
        set.await
            .during(|| format!("set the timeout of sandbox {id}"))?;
        let (left, whole) = self.life(id).await?;
        self.plan.granted(timeout, left, whole);
        Ok(left)
    }

    /// Pauses with memory. False: it was already paused.
    pub async fn pause(&self, id: &str) -> Result<bool> {
        let request = self.post(&["sandboxes", id, "pause"], &PauseSandbox::default());
        let paused = async {
            let answer = self.send(request).await?;
            match answer.accepted() {
                Ok(_) => Ok(true),
                // The only other conflict is a sandbox in transition, which is not paused yet.
                Err(ErrorKind::Conflict { message }) if message.contains("already paused") => {
                    Ok(false)
                }
                Err(kind) => Err(kind),
            }
        };
        paused.await.during(|| format!("pause sandbox {id}"))
    }

    /// Kills a running or paused sandbox. False: it did not exist.
    pub async fn kill(&self, id: &str) -> Result<bool> {
        let request = self.request(Method::DELETE, &["sandboxes", id]);
        let killed = async {
            match self.send(request).await?.accepted() {
                Ok(_) => Ok(true),
                Err(ErrorKind::NotFound { .. }) => Ok(false),
                Err(kind) => Err(kind),
            }
        };
        killed.await.during(|| format!("kill sandbox {id}"))
    }

    fn request(&self, method: Method, path: &[&str]) -> RequestBuilder {
        self.http
            .client()
            .request(method, url(&self.api, path))
            .headers(self.headers.clone())
    }

    fn post(&self, path: &[&str], body: &impl Serialize) -> RequestBuilder {
        self.request(Method::POST, path).json(body)
    }

    async fn send(&self, request: RequestBuilder) -> KindResult<ReceivedAnswer> {
        self.exchange.send(request, MAX_JSON).await
    }

    /// Sends the current form, and the old one if the server seems to lack the path.
    ///
    /// A 404 may also concern the template or the sandbox. So the old form is only tried until a call has succeeded,
    /// and if it returns 404 too, nothing was learnt and the first response stands.
    async fn either(
        &self,
        current: RequestBuilder,
        old: impl Fn() -> RequestBuilder,
    ) -> KindResult<ReceivedAnswer> {
        let known = self.paths.load(Ordering::Relaxed);
        if known == paths::OLD {
            return self.send(old()).await;
        }
        let first = self.send(current).await?;
        if first.status.is_success() {
            self.paths.store(paths::CURRENT, Ordering::Relaxed);
        }
        if known != paths::UNKNOWN || !lacks_path(first.status) {
            return Ok(first);
        }
        let second = self.send(old()).await?;
        if lacks_path(second.status) {
            return Ok(first);
        }
        if second.status.is_success() {
            self.paths.store(paths::OLD, Ordering::Relaxed);
        }
        Ok(second)
    }
}

fn lacks_path(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED
    )
}

/// Whole seconds, rounded up as in the official SDKs: never less than requested.
fn whole_secs(timeout: Duration) -> i64 {
    let secs = timeout.as_secs() + u64::from(timeout.subsec_nanos() > 0);
    i64::try_from(secs).unwrap_or(i64::MAX)
}

/// The server's `Date`, in whole seconds, so half a second is missing on average.
fn told_at(headers: &HeaderMap) -> Option<i64> {
    let date = headers.get(header::DATE)?.to_str().ok()?;
    let date = jiff::fmt::rfc2822::parse(date).ok()?;
    Some(date.timestamp().as_millisecond() + 500)
}

#[cfg(test)]
mod tests;
