//! envd's messages, service traits and clients, generated from `assets/proto` by `build.rs`.
//!
//! [`process`] and [`filesystem`] have the proto packages' names, which are the RPC paths
//! (`/process.Process/Start`). Both the client in [`super::envd`] and the embedded server use these. The proto files
//! document each field; nothing here is written by hand.

#[allow(
    clippy::all,
    clippy::pedantic,
    clippy::allow_attributes,
    clippy::allow_attributes_without_reason,
    clippy::unwrap_used,
    unreachable_pub,
    rust_2018_idioms,
    rustdoc::all,
    reason = "generated code: hundreds of findings that change with the generator, so that an \
              `expect` would break on each update"
)]
mod generated {
    connectrpc::include_generated!("envd.rs");
}

pub use generated::{filesystem, process};

// The generator nests a `oneof`'s variants three modules deep.
pub use generated::filesystem::__buffa::oneof::watch_dir_response::Event as WatchEvent;
pub use generated::process::__buffa::oneof::process_event::Event as ProcessEventKind;
pub use generated::process::__buffa::oneof::process_event::data_event::Output as ProcessOutput;
pub use generated::process::__buffa::oneof::process_input::Input as ProcessInputKind;
pub use generated::process::__buffa::oneof::process_selector::Selector as ProcessSelectorKind;
pub use generated::process::__buffa::oneof::stream_input_request::Event as StreamInputEvent;

#[cfg(test)]
mod tests {
    use buffa::Message;
    use pretty_assertions::assert_eq;

    use super::process::{ProcessEvent, ProcessInput, StreamInputRequest, process_event};
    use super::*;

    /// Bytes derived by hand from E2B's field numbers, to catch mistakes in our proto files.
    #[test]
    fn the_binary_codec_has_the_numbers_of_envd() {
        let end = ProcessEvent {
            event: process_event::EndEvent {
                exit_code: -1,
                ..Default::default()
            }
            .into(),
            ..Default::default()
        };
        let data = StreamInputRequest {
            event: process::stream_input_request::DataEvent {
                input: ProcessInput {
                    input: Some(ProcessInputKind::Pty(b"x".to_vec())),
                    ..Default::default()
                }
                .into(),
                ..Default::default()
            }
            .into(),
            ..Default::default()
        };
        let entry = filesystem::EntryInfo {
            symlink_target: Some("t".into()),
            metadata: std::iter::once(("k".into(), "v".into())).collect(),
            ..Default::default()
        };

        assert_eq!(end.encode_to_vec(), [0x1a, 2, 0x08, 1]);
        assert_eq!(data.encode_to_vec(), [0x12, 5, 0x12, 3, 0x12, 1, b'x']);
        assert_eq!(
            entry.encode_to_vec(),
            [0x52, 1, b't', 0x5a, 6, 0x0a, 1, b'k', 0x12, 1, b'v']
        );
    }

    #[test]
    fn the_json_of_an_event_is_the_recorded_one() {
        let event: process::StartResponse =
            serde_json::from_str(r#"{"event":{"data":{"stdout":"aGkK"}}}"#).unwrap();

        let Some(ProcessEventKind::Data(data)) = &event.event.event else {
            panic!("{event:?}")
        };
        assert_eq!(data.output, Some(ProcessOutput::Stdout(b"hi\n".to_vec())));
        assert_eq!(
            serde_json::to_string(&event).unwrap(),
            r#"{"event":{"data":{"stdout":"aGkK"}}}"#
        );
    }
}
