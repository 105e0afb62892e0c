//! envd, the daemon in a sandbox: its health and its processes. `files` has the file calls.
//!
//! RPCs are Connect with JSON bodies, as the official SDKs send them: every envd and every proxy supports that
//! codec. One client is one sandbox; it is cheap to clone.

use std::time::Duration;

use base64::Engine as _;
use bytes::Bytes;
use connectrpc::ConnectError;
use connectrpc::client::{CallOptions, ClientConfig};
use connectrpc::compression::CompressionRegistry;
use http::{HeaderMap, HeaderValue, header};
use tokio::time::timeout;

use super::connect::{Transport, kind_of};
use super::error::{Error, ErrorKind, Result};
use super::exchange::{During, Exchange, KindResult, MAX_JSON, secret_header, url};
use super::host::{ENVD_PORT, EnvdAddress};
use super::process::{
    CommandResult, ProcessEvents, ProcessRef, ProcessSignal, ProcessStream, RunningProcess,
    StartProcess, TerminalSize,
};
use super::proto::process::{
    self as wire, CloseStdinRequest, ConnectRequest, ListRequest, ProcessClient, ProcessInput,
    ProcessSelector, SendInputRequest, SendSignalRequest, UpdateRequest,
};
use super::proto::{ProcessInputKind, ProcessSelectorKind};
use crate::net::http::Pool;

/// As in the official SDKs, for calls that respond at once.
const REQUEST_LIMIT: Duration = Duration::from_mins(1);
/// The timeout of the health probe; 5 s in the official SDKs too.
const HEALTH_LIMIT: Duration = Duration::from_secs(5);
/// How often envd sends keepalives on a silent stream. The SDKs request 50 s; we want to notice sooner.
const KEEPALIVE_SECS: u32 = 30;
/// A stream is dead after two and a half missing keepalives.
const SILENCE: Duration = Duration::from_secs(75);

/// Calls the envd of one sandbox.
#[derive(Clone)]
pub struct EnvdClient {
    pub(super) http: Pool,
    pub(super) address: EnvdAddress,
    /// Token and routing.
    pub(super) headers: HeaderMap,
    pub(super) exchange: Exchange,
    process: ProcessClient<Transport>,
    silence: Duration,
}

impl EnvdClient {
    /// The HTTP client must have no timeout for whole requests, and none for reads.
    pub fn new(http: impl Into<Pool>, address: EnvdAddress) -> Result<Self> {
        let http = http.into();
        let failed = || format!("use the address of sandbox {}", address.sandbox_id);
        let headers = headers(&address).during(failed)?;
        let base = address.base.as_str().trim_end_matches('/');
        let base = base.parse().map_err(|_| ErrorKind::Invalid {
            cause: "not a URI".into(),
        });
        let mut rpc_headers = headers.clone();
        // Otherwise the HTTP client requests gzip, which might make an intermediary buffer output.
        rpc_headers.insert(
            header::ACCEPT_ENCODING,
            HeaderValue::from_static("identity"),
        );
        if let Some(user) = &address.user {
            rpc_headers.insert(header::AUTHORIZATION, basic(user).during(failed)?);
        }
        let config = ClientConfig::new(base.during(failed)?)
            .json()
            .with_default_headers(rpc_headers)
            .with_compression(CompressionRegistry::new());
        let secret = address.token.clone();
        let transport = Transport {
            http: http.clone(),
            secret: secret.clone(),
            limit: REQUEST_LIMIT,
        };
        let process = ProcessClient::new(transport, config);
        let exchange = Exchange {
            limit: REQUEST_LIMIT,
            secret,
        };
        Ok(Self {
            http,
            address,
            headers,
            exchange,
            process,
            silence: SILENCE,
        })
    }

    /// Changes how long a stream may be silent, and the timeout of other calls.
    #[must_use]
    pub fn with_limits(mut self, request: Duration, silence: Duration) -> Self {
        self.exchange.limit = request;
        self.silence = silence;
        self
    }

    pub fn sandbox_id(&self) -> &str {
        &self.address.sandbox_id
    }

    /// Checks whether the sandbox responds; [`ErrorKind::SandboxGone`] is a definite no.
    pub async fn health(&self) -> Result<()> {
        let request = self.http.client().get(url(&self.address.base, &["health"]));
        let request = request.headers(self.headers.clone());
        let limit = self.exchange.limit.min(HEALTH_LIMIT);
        let exchange = Exchange {
            limit,
            ..self.exchange.clone()
        };
        let asked = async { exchange.send(request, MAX_JSON).await?.accepted().map(drop) };
        asked
            .await
            .during(|| format!("check sandbox {}", self.sandbox_id()))
    }

    /// Starts a process and follows it. Dropping the stream does not end it; [`StartProcess::deadline`] does.
    pub async fn start(&self, what: &StartProcess) -> Result<ProcessStream> {
        let operation = format!("start {} in sandbox {}", what.program, self.sandbox_id());
        let mut options = stream_options();
        if let Some(deadline) = what.deadline {
            // Set by hand, so that the server decides: the library would also end the call here.
            options = options.with_header(
                "connect-timeout-ms",
                deadline.as_millis().max(1).to_string(),
            );
        }
        let call = self.process.start_with_options(what.to_wire(), options);
        let stream = self.answered(call).await.during(|| operation.clone())?;
        self.follow(ProcessEvents::Start(stream), operation).await
    }

    /// Follows a running process. Its earlier output is not repeated.
    pub async fn connect(&self, to: &ProcessRef) -> Result<ProcessStream> {
        let operation = format!("connect to {to} in sandbox {}", self.sandbox_id());
        let request = ConnectRequest {
            process: selector(to).into(),
            ..ConnectRequest::default()
        };
        let call = self.process.connect_with_options(request, stream_options());
        let stream = self.answered(call).await.during(|| operation.clone())?;
        self.follow(ProcessEvents::Connect(stream), operation).await
    }

    /// Runs a short command to its end, and returns the last `max_output` bytes of each stream.
    ///
    /// After `deadline` the process is killed, by envd too in case we are gone by then.
    ///
    /// # Errors
    ///
    /// A failed command is no error, see [`CommandResult::exit`]; [`ErrorKind::TimedOut`] is the deadline.
    pub async fn run(
        &self,
        what: &StartProcess,
        deadline: Duration,
        max_output: usize,
    ) -> Result<CommandResult> {
        self.run_with_input(what, None, (deadline, max_output))
            .await
    }

    /// The same, with stdin. It stays open: a command that reads more waits for the deadline.
    pub async fn run_with_input(
        &self,
        what: &StartProcess,
        input: Option<Bytes>,
        (deadline, max_output): (Duration, usize),
    ) -> Result<CommandResult> {
        let what = StartProcess {
            deadline: Some(deadline),
            stdin: input.is_some(),
            ..what.clone()
        };
        let operation = || format!("run {} in sandbox {}", what.program, self.sandbox_id());
        let late = || Error::new(operation(), ErrorKind::TimedOut { after: deadline });
        // Whichever deadline is first, the server's or ours, the result is the same.
        let run = async {
            let mut started = self.start(&what).await?;
            if let Some(input) = input {
                let to = ProcessRef::Pid(started.pid());
                self.send_stdin(&to, input).await?;
            }
            started.collect(max_output).await
        };
        let Ok(ran) = timeout(deadline, run).await else {
            return Err(late());
        };
        ran.map_err(|error| match error.kind {
            ErrorKind::Rpc {
                code: "deadline_exceeded",
                ..
            } => late(),
            kind => Error::new(operation(), kind),
        })
    }

    /// Lists processes that envd has started and that still run.
    pub async fn list(&self) -> Result<Vec<RunningProcess>> {
        let call = self
            .process
            .list_with_options(ListRequest::default(), CallOptions::default());
        let listed = self.answered(call).await;
        let listed =
            listed.during(|| format!("list processes of sandbox {}", self.sandbox_id()))?;
        Ok(listed
            .into_owned()
            .processes
            .into_iter()
            .map(running)
            .collect())
    }

    /// Signals one process, not its children. False: there is no such process (any more).
    pub async fn send_signal(&self, to: &ProcessRef, signal: ProcessSignal) -> Result<bool> {
        let signal = match signal {
            ProcessSignal::Terminate => wire::Signal::SIGNAL_SIGTERM,
            ProcessSignal::Kill => wire::Signal::SIGNAL_SIGKILL,
        };
        let request = SendSignalRequest {
            process: selector(to).into(),
            signal: signal.into(),
            ..SendSignalRequest::default()
        };
        let call = self
            .process
            .send_signal_with_options(request, CallOptions::default());
        match self.answered(call).await {
            Ok(_) => Ok(true),
            Err(ErrorKind::NotFound { .. }) => Ok(false),
            Err(kind) => Err(self.error("signal", to, kind)),
        }
    }

    /// Writes to a process that was started with [`StartProcess::stdin`].
    pub async fn send_stdin(&self, to: &ProcessRef, input: Bytes) -> Result<()> {
        let input = ProcessInputKind::Stdin(input.into());
        self.send_input(to, input).await
    }

    /// Sends input to a process's pty, see [`StartProcess::terminal`].
    pub async fn send_terminal(&self, to: &ProcessRef, input: Bytes) -> Result<()> {
        let input = ProcessInputKind::Pty(input.into());
        self.send_input(to, input).await
    }

    async fn send_input(&self, to: &ProcessRef, input: ProcessInputKind) -> Result<()> {
        let input = ProcessInput {
            input: Some(input),
            ..Default::default()
        };
        let request = SendInputRequest {
            process: selector(to).into(),
            input: input.into(),
            ..SendInputRequest::default()
        };
        let call = self
            .process
            .send_input_with_options(request, CallOptions::default());
        let sent = self.answered(call).await.map(drop);
        sent.map_err(|kind| self.error("write to", to, kind))
    }

    /// Resizes a process's pty.
    pub async fn resize(&self, of: &ProcessRef, size: TerminalSize) -> Result<()> {
        let request = UpdateRequest {
            process: selector(of).into(),
            pty: size.to_wire().into(),
            ..UpdateRequest::default()
        };
        let call = self
            .process
            .update_with_options(request, CallOptions::default());
        let updated = self.answered(call).await.map(drop);
        updated.map_err(|kind| self.error("resize the terminal of", of, kind))
    }

    /// Closes the process's stdin (envd 0.5.2 and later).
    pub async fn close_stdin(&self, of: &ProcessRef) -> Result<()> {
        let request = CloseStdinRequest {
            process: selector(of).into(),
            ..CloseStdinRequest::default()
        };
        let call = self
            .process
            .close_stdin_with_options(request, CallOptions::default());
        let closed = self.answered(call).await.map(drop);
        closed.map_err(|kind| self.error("close the input of", of, kind))
    }

    async fn follow(&self, source: ProcessEvents, operation: String) -> Result<ProcessStream> {
        ProcessStream::open(
            source,
            operation,
            self.silence,
            self.exchange.secret.clone(),
        )
        .await
    }

    /// Waits for a response, or for the head of a stream.
    async fn answered<T>(
        &self,
        call: impl Future<Output = std::result::Result<T, ConnectError>>,
    ) -> KindResult<T> {
        match timeout(self.exchange.limit, call).await {
            Ok(answer) => answer.map_err(|error| kind_of(&error, self.exchange.secret.as_ref())),
            Err(_) => Err(ErrorKind::TimedOut {
                after: self.exchange.limit,
            }),
        }
    }

    fn error(&self, verb: &str, process: &ProcessRef, kind: ErrorKind) -> Error {
        Error::new(
            format!("{verb} {process} in sandbox {}", self.sandbox_id()),
            kind,
        )
    }
}

fn stream_options() -> CallOptions {
    CallOptions::default().with_header("keepalive-ping-interval", KEEPALIVE_SECS.to_string())
}

/// The routing headers are always sent, as in the official SDKs: a `{port}-{id}` host takes precedence, a shared
/// address needs them.
fn headers(address: &EnvdAddress) -> KindResult<HeaderMap> {
    let mut headers = HeaderMap::new();
    let id = HeaderValue::from_str(&address.sandbox_id).map_err(|_| ErrorKind::Invalid {
        cause: "the sandbox id has invalid characters".into(),
    })?;
    headers.insert("e2b-sandbox-id", id);
    headers.insert("e2b-sandbox-port", HeaderValue::from(ENVD_PORT));
    if let Some(token) = &address.token {
        secret_header(&mut headers, "x-access-token", token)?;
    }
    Ok(headers)
}

/// Names a user without a password; envd authenticates the token.
fn basic(user: &str) -> KindResult<HeaderValue> {
    let encoded = base64::engine::general_purpose::STANDARD.encode(format!("{user}:"));
    HeaderValue::from_str(&format!("Basic {encoded}")).map_err(|_| ErrorKind::Invalid {
        cause: "the user name has invalid characters".into(),
    })
}

fn selector(of: &ProcessRef) -> ProcessSelector {
    let selector = match of {
        ProcessRef::Pid(pid) => ProcessSelectorKind::Pid(*pid),
        ProcessRef::Tag(tag) => ProcessSelectorKind::Tag(tag.clone()),
    };
    ProcessSelector {
        selector: Some(selector),
        ..ProcessSelector::default()
    }
}

fn running(info: wire::ProcessInfo) -> RunningProcess {
    let config = info.config.into_option().unwrap_or_default();
    RunningProcess {
        pid: info.pid,
        tag: info.tag,
        program: config.cmd,
        args: config.args,
        directory: config.cwd,
    }
}

#[cfg(test)]
mod tests;
