//! The process service over [`Processes`](crate::local::process::Processes).

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use connectrpc::{
    ConnectError, ErrorCode, InboundStream, RequestContext, Response, ServiceRequest,
    ServiceResult, ServiceStream,
};
use futures::StreamExt;
use tokio::time::{Instant, timeout_at};

use super::context::{SandboxContext, context};
use crate::e2b::proto::process as pb;
use crate::e2b::proto::process::process_event::{
    DataEvent, EndEvent, Event, KeepAlive, StartEvent, data_event,
};
use crate::local::helper::client::HelperError;
use crate::local::helper::protocol::{HelperErrorKind, ProcessExit, PtySize};
use crate::local::process::output_broadcast::{ProcessOutput, Subscriber, SubscriptionEnd};
use crate::local::process::streams::InputKind;
use crate::local::process::{Process, ProcessCommand, ProcessLaunch, ProcessSelector};

/// The interval between keepalives where the client names none.
const KEEPALIVE: Duration = Duration::from_secs(90);
/// A deadline beyond this is none.
const LONGEST: f64 = 1e9;

pub(super) struct ProcessService;

fn refused(refused: HelperError) -> ConnectError {
    match refused.reason {
        HelperErrorKind::NoDirectory | HelperErrorKind::NoProgram => {
            ConnectError::invalid_argument(refused.message)
        }
        HelperErrorKind::NoProcess | HelperErrorKind::NotListening => {
            ConnectError::not_found(refused.message)
        }
        HelperErrorKind::Exhausted => ConnectError::resource_exhausted(refused.message),
        HelperErrorKind::Failed => ConnectError::internal(refused.message),
    }
}

#[expect(refining_impl_trait, reason = "nobody names the trait's opaque types")]
impl pb::Process for ProcessService {
    async fn start(
        &self,
        ctx: RequestContext,
        request: ServiceRequest<'_, pb::StartRequest>,
    ) -> ServiceResult<ServiceStream<pb::StartResponse>> {
        let (cx, request) = (context(&ctx)?, request.to_owned_message());
        let limits = StreamOptions::of(&ctx);
        let launch = launch(&cx, request, limits.timeout)?;
        let run = Arc::clone(&cx.run);
        // This future may be dropped at the deadline; the start must not be half done.
        let started = tokio::spawn(async move { run.processes.start(launch).await });
        let started = started
            .await
            .map_err(|error| ConnectError::internal(error.to_string()))?;
        let (process, subscriber) = started.map_err(refused)?;
        let events = events(&process, subscriber, &limits);
        // The end of one that was killed for this call's deadline may come before our own clock has
        // noticed the deadline.
        let events = events.map(move |event| match event {
            Ok(event) if process.is_expired() && matches!(event.event, Some(Event::End(_))) => {
                Err(expired())
            }
            other => other,
        });
        let stream = events.map(|event| {
            event.map(|event| pb::StartResponse {
                event: event.into(),
                ..Default::default()
            })
        });
        Ok(Response::stream(stream).with_header("x-accel-buffering", "no"))
    }

    async fn connect(
        &self,
        ctx: RequestContext,
        request: ServiceRequest<'_, pb::ConnectRequest>,
    ) -> ServiceResult<ServiceStream<pb::ConnectResponse>> {
        let (cx, request) = (context(&ctx)?, request.to_owned_message());
        let process = find(&cx, request.process.as_option())?;
        let events = events(&process, process.subscribe(), &StreamOptions::of(&ctx));
        let stream = events.map(|event| {
            event.map(|event| pb::ConnectResponse {
                event: event.into(),
                ..Default::default()
            })
        });
        Ok(Response::stream(stream).with_header("x-accel-buffering", "no"))
    }

    async fn list(
        &self,
        ctx: RequestContext,
        _: ServiceRequest<'_, pb::ListRequest>,
    ) -> ServiceResult<pb::ListResponse> {
        let processes = context(&ctx)?.run.processes.list();
        let processes = processes.iter().map(|process| info(process)).collect();
        Response::ok(pb::ListResponse {
            processes,
            ..Default::default()
        })
    }

    async fn send_input(
        &self,
        ctx: RequestContext,
        request: ServiceRequest<'_, pb::SendInputRequest>,
    ) -> ServiceResult<pb::SendInputResponse> {
        let (cx, request) = (context(&ctx)?, request.to_owned_message());
        let process = find(&cx, request.process.as_option())?;
        input(&process, request.input.as_option()).await?;
        Response::ok(pb::SendInputResponse::default())
    }

    async fn stream_input(
        &self,
        ctx: RequestContext,
        mut requests: InboundStream<pb::StreamInputRequest>,
    ) -> ServiceResult<pb::StreamInputResponse> {
        let cx = context(&ctx)?;
        let mut process = None;
        while let Some(request) = requests.next().await {
            match (request?.to_owned_message().event, &process) {
                (Some(pb::stream_input_request::Event::Start(start)), _) => {
                    process = Some(find(&cx, start.process.as_option())?);
                }
                (Some(pb::stream_input_request::Event::Data(data)), Some(process)) => {
                    input(process, data.input.as_option()).await?;
                }
                (Some(pb::stream_input_request::Event::Data(_)), None) => {
                    return Err(ConnectError::invalid_argument(
                        "input came before the start event",
                    ));
                }
                (Some(pb::stream_input_request::Event::Keepalive(_)) | None, _) => {}
            }
        }
        Response::ok(pb::StreamInputResponse::default())
    }

    async fn close_stdin(
        &self,
        ctx: RequestContext,
        request: ServiceRequest<'_, pb::CloseStdinRequest>,
    ) -> ServiceResult<pb::CloseStdinResponse> {
        let (cx, request) = (context(&ctx)?, request.to_owned_message());
        let closed = find(&cx, request.process.as_option())?.close_stdin().await;
        // envd answers with this code (0.6.13).
        closed.map_err(|message| ConnectError::new(ErrorCode::Unknown, message))?;
        Response::ok(pb::CloseStdinResponse::default())
    }

    async fn send_signal(
        &self,
        ctx: RequestContext,
        request: ServiceRequest<'_, pb::SendSignalRequest>,
    ) -> ServiceResult<pb::SendSignalResponse> {
        let (cx, request) = (context(&ctx)?, request.to_owned_message());
        let process = find(&cx, request.process.as_option())?;
        let signal = match request.signal.as_known() {
            Some(pb::Signal::SIGNAL_SIGTERM) => 15,
            Some(pb::Signal::SIGNAL_SIGKILL) => 9,
            _ => {
                return Err(ConnectError::invalid_argument(
                    "only SIGTERM and SIGKILL can be sent",
                ));
            }
        };
        cx.run
            .processes
            .signal(&process, signal)
            .await
            .map_err(refused)?;
        Response::ok(pb::SendSignalResponse::default())
    }

    async fn update(
        &self,
        ctx: RequestContext,
        request: ServiceRequest<'_, pb::UpdateRequest>,
    ) -> ServiceResult<pb::UpdateResponse> {
        let (cx, request) = (context(&ctx)?, request.to_owned_message());
        let process = find(&cx, request.process.as_option())?;
        if let Some(terminal) = request.pty.as_option() {
            process
                .resize(size(terminal))
                .map_err(ConnectError::internal)?;
        }
        Response::ok(pb::UpdateResponse::default())
    }
}

fn launch(
    cx: &SandboxContext,
    request: pb::StartRequest,
    deadline: Option<Duration>,
) -> Result<ProcessLaunch, ConnectError> {
    let config = request.process.as_option().cloned().unwrap_or_default();
    if config.cmd.is_empty() {
        return Err(ConnectError::invalid_argument("the command is empty"));
    }
    let envs: BTreeMap<String, String> = config.envs.into_iter().collect();
    let home = cx.sandbox.paths.home();
    let cwd = config.cwd.clone().unwrap_or_default();
    let below_home = cwd
        .strip_prefix("~/")
        .unwrap_or(if cwd == "~" { "" } else { &cwd });
    Ok(ProcessLaunch {
        env: cx
            .sandbox
            .environment(&cx.registry.options, &envs)
            .into_iter()
            .collect(),
        // Processes may work anywhere: they could change there themselves.
        cwd: home.join(below_home),
        stdin: request.stdin.unwrap_or(true),
        terminal: request.pty.as_option().map(size),
        deadline,
        command: ProcessCommand {
            cmd: config.cmd,
            args: config.args,
            envs,
            cwd: config.cwd,
            tag: request.tag,
        },
    })
}

/// A terminal of no size would be unusable; 80 by 24 is what terminals have always had.
fn size(terminal: &pb::PTY) -> PtySize {
    let size = terminal.size.as_option().cloned().unwrap_or_default();
    let within = |asked: u32, usual: u16| match u16::try_from(asked) {
        Ok(0) => usual,
        Ok(asked) => asked,
        Err(_) => u16::MAX,
    };
    PtySize {
        cols: within(size.cols, 80),
        rows: within(size.rows, 24),
    }
}

fn find(
    cx: &SandboxContext,
    wanted: Option<&pb::ProcessSelector>,
) -> Result<Arc<Process>, ConnectError> {
    let wanted = match wanted.and_then(|wanted| wanted.selector.as_ref()) {
        Some(pb::process_selector::Selector::Pid(pid)) => ProcessSelector::Pid(*pid),
        Some(pb::process_selector::Selector::Tag(tag)) => ProcessSelector::Tag(tag.clone()),
        None => return Err(ConnectError::invalid_argument("no process was named")),
    };
    cx.run.processes.find(&wanted).map_err(refused)
}

async fn input(process: &Process, input: Option<&pb::ProcessInput>) -> Result<(), ConnectError> {
    let (kind, bytes) = match input.and_then(|input| input.input.as_ref()) {
        Some(pb::process_input::Input::Stdin(bytes)) => (InputKind::Stdin, bytes),
        Some(pb::process_input::Input::Pty(bytes)) => (InputKind::Terminal, bytes),
        None => return Err(ConnectError::invalid_argument("no input was given")),
    };
    let written = process.write(kind, bytes).await;
    written.map_err(ConnectError::internal)
}

fn info(process: &Process) -> pb::ProcessInfo {
    let command = process.command.clone();
    let config = pb::ProcessConfig {
        cmd: command.cmd,
        args: command.args,
        envs: command.envs.into_iter().collect(),
        cwd: command.cwd,
        ..Default::default()
    };
    pb::ProcessInfo {
        config: config.into(),
        pid: process.pid,
        tag: command.tag,
        ..Default::default()
    }
}

/// What the headers ask of a stream.
pub(super) struct StreamOptions {
    /// Read by hand: the library does not cut running streams, and old Python clients send a
    /// decimal fraction, which it ignores.
    timeout: Option<Duration>,
    pub(super) keepalive: Duration,
}

impl StreamOptions {
    pub(super) fn of(ctx: &RequestContext) -> Self {
        let number = |name: &str| {
            let text = ctx.header(name)?.to_str().ok()?;
            text.trim()
                .parse::<f64>()
                .ok()
                .filter(|number| *number > 0.0 && *number < LONGEST)
        };
        Self {
            timeout: number("connect-timeout-ms").map(|ms| Duration::from_secs_f64(ms / 1000.0)),
            keepalive: number("keepalive-ping-interval").map_or(KEEPALIVE, Duration::from_secs_f64),
        }
    }
}

/// Where a stream of events stands.
enum StreamState {
    Start,
    Follow,
    Over,
}

fn events(
    process: &Arc<Process>,
    subscriber: Subscriber,
    limits: &StreamOptions,
) -> impl futures::Stream<Item = Result<pb::ProcessEvent, ConnectError>> + Send + use<> {
    let deadline = limits
        .timeout
        .and_then(|timeout| Instant::now().checked_add(timeout));
    let (process, keepalive) = (Arc::clone(process), limits.keepalive);
    futures::stream::unfold(
        (StreamState::Start, subscriber, process),
        move |(step, mut subscriber, process)| async move {
            let item = match step {
                StreamState::Start => Ok(StartEvent {
                    pid: process.pid,
                    ..Default::default()
                }
                .into()),
                StreamState::Over => return None,
                StreamState::Follow => follow(&process, &mut subscriber, keepalive, deadline).await,
            };
            let next = match &item {
                Err(_) | Ok(Event::End(_)) => StreamState::Over,
                Ok(_) => StreamState::Follow,
            };
            let item = item.map(|event| pb::ProcessEvent {
                event: Some(event),
                ..Default::default()
            });
            Some((item, (next, subscriber, process)))
        },
    )
}

async fn follow(
    process: &Process,
    subscriber: &mut Subscriber,
    keepalive: Duration,
    deadline: Option<Instant>,
) -> Result<Event, ConnectError> {
    loop {
        let quiet = Instant::now() + keepalive;
        let until = deadline.map_or(quiet, |deadline| deadline.min(quiet));
        return match timeout_at(until, subscriber.next()).await {
            Ok(Ok(ProcessOutput::Stdout(bytes))) => {
                Ok(data(data_event::Output::Stdout(bytes.to_vec())))
            }
            Ok(Ok(ProcessOutput::Stderr(bytes))) => {
                Ok(data(data_event::Output::Stderr(bytes.to_vec())))
            }
            Ok(Ok(ProcessOutput::Terminal(bytes))) => {
                Ok(data(data_event::Output::Pty(bytes.to_vec())))
            }
            Ok(Ok(ProcessOutput::Ended(exit))) => Ok(end(exit).into()),
            Ok(Err(SubscriptionEnd::TooSlow)) => Err(ConnectError::resource_exhausted(
                "output was not read fast enough",
            )),
            Ok(Err(SubscriptionEnd::Sandbox)) => Err(ConnectError::unavailable(
                "the sandbox was paused or killed",
            )),
            Err(_) if deadline.is_some_and(|deadline| deadline <= Instant::now()) => Err(expired()),
            // As envd, which waits for nothing but the end then (0.6.13).
            Err(_) if process.is_mute() => continue,
            Err(_) => Ok(KeepAlive::default().into()),
        };
    }
}

fn expired() -> ConnectError {
    ConnectError::deadline_exceeded("the deadline of the command has passed")
}

fn data(output: data_event::Output) -> Event {
    DataEvent {
        output: Some(output),
        ..Default::default()
    }
    .into()
}

fn end(exit: ProcessExit) -> EndEvent {
    let (exit_code, exited) = match exit {
        ProcessExit::Code(code) => (code, true),
        ProcessExit::Signal(_) => (-1, false),
    };
    let status = exit.to_string();
    let error = (exit != ProcessExit::Code(0)).then(|| status.clone());
    EndEvent {
        exit_code,
        exited,
        status,
        error,
        ..Default::default()
    }
}
