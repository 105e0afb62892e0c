//! Bodies compared with what the official SDKs were recorded to send and accept.

use pretty_assertions::assert_eq;
use serde_json::{Value, json};

use super::*;

#[test]
fn a_create_body_is_written_as_the_javascript_sdk_writes_it() {
    let body = NewSandbox {
        template_id: "base".into(),
        timeout: Some(120),
        metadata: [("run".into(), "RUN".into()), ("who".into(), "js".into())].into(),
        env_vars: [("FROM_CREATE".into(), "yes".into())].into(),
        ..NewSandbox::default()
    };

    assert_eq!(
        serde_json::to_value(body).unwrap(),
        json!({
            "templateID": "base", "timeout": 120,
            "metadata": {"run": "RUN", "who": "js"}, "envVars": {"FROM_CREATE": "yes"},
        })
    );
}

#[test]
fn lifecycle_and_network_of_a_create_body_have_the_wire_names() {
    let body = NewSandbox {
        template_id: "base".into(),
        auto_pause: Some(true),
        auto_pause_memory: Some(false),
        auto_resume: Some(AutoResume { enabled: false }),
        allow_internet_access: Some(false),
        network: Some(Network {
            allow_public_traffic: Some(false),
            ..Network::default()
        }),
        secure: Some(true),
        ..NewSandbox::default()
    };

    assert_eq!(
        serde_json::to_value(body).unwrap(),
        json!({
            "templateID": "base", "autoPause": true, "autoPauseMemory": false,
            "autoResume": {"enabled": false}, "allow_internet_access": false,
            "network": {"allowPublicTraffic": false}, "secure": true,
        })
    );
}

#[test]
fn rules_of_a_create_body_have_the_wire_names_and_are_read_as_they_are() {
    let headers = [("x-api-key".to_owned(), "sk-hush".into())].into();
    let rule = EgressRule {
        transform: Transform { headers },
    };
    let network = Network {
        rules: [("api.anthropic.com".to_owned(), vec![rule])].into(),
        ..Network::default()
    };

    let told = format!("{network:?}");
    let written = serde_json::to_value(network).unwrap();
    let read: Network = serde_json::from_value(written.clone()).unwrap();

    let rules =
        json!({"api.anthropic.com": [{"transform": {"headers": {"x-api-key": "sk-hush"}}}]});
    assert_eq!(written, json!({ "rules": rules }));
    assert_eq!(read.other.get("rules"), Some(&rules));
    assert!(!told.contains("hush"), "{told}");
}

#[test]
fn a_create_body_of_any_sdk_can_be_read() {
    let python = json!({
        "templateID": "base", "autoPause": null, "envVars": {}, "metadata": null,
        "network": {"denyOut": ["0.0.0.0/0"]}, "iam": {"tokens": {}}, "timeout": 60,
    });

    let body: NewSandbox = serde_json::from_value(python).unwrap();

    assert_eq!(
        serde_json::to_value(body).unwrap(),
        json!({"templateID": "base", "timeout": 60, "network": {"denyOut": ["0.0.0.0/0"]}})
    );
}

#[test]
fn a_sandbox_survives_null_and_missing_fields() {
    let body: Sandbox = serde_json::from_value(json!({
        "sandboxID": "i0123456789abcdefghij", "clientID": null, "domain": null,
        "trafficAccessToken": null, "somethingNew": [1],
    }))
    .unwrap();

    assert_eq!(
        serde_json::to_value(body).unwrap(),
        json!({
            "sandboxID": "i0123456789abcdefghij", "templateID": "", "clientID": "",
            "envdVersion": "",
        })
    );
}

#[test]
fn a_sandbox_without_an_id_is_an_error() {
    assert!(serde_json::from_value::<Sandbox>(json!({"templateID": "base"})).is_err());
}

#[test]
fn tokens_and_variables_are_not_in_the_debug_text() {
    let sandbox: Sandbox = serde_json::from_value(json!({
        "sandboxID": "i1", "envdAccessToken": "hush-envd", "trafficAccessToken": "hush-traffic",
    }))
    .unwrap();
    let new = NewSandbox {
        env_vars: [("KEY".into(), "hush-key".into())].into(),
        ..NewSandbox::default()
    };

    let text = format!("{sandbox:?} {new:?}");

    assert!(!text.contains("hush"), "{text}");
}

#[test]
fn the_recorded_detail_and_list_are_read_and_written_back_whole() {
    let detail = json!({
        "templateID": "tpl593616de15330c0fb", "alias": "base", "sandboxID": "i0123456789abcdefghij",
        "clientID": "6532622b", "startedAt": "2026-11-23T09:12:15.392Z",
        "endAt": "2026-11-23T09:14:15.392Z", "cpuCount": 2, "memoryMB": 512, "diskSizeMB": 1024,
        "metadata": {"run": "RUN", "who": "js"}, "state": "running", "envdVersion": "0.6.13",
        "domain": "localhost:42001", "envdAccessToken": "token",
        "lifecycle": {"onTimeout": "kill", "autoResume": false},
    });

    let read: SandboxDetail = serde_json::from_value(detail.clone()).unwrap();
    let listed: Vec<ListedSandbox> =
        serde_json::from_value(Value::Array(vec![detail.clone()])).unwrap();

    assert_eq!(serde_json::to_value(&read).unwrap(), detail);
    assert_eq!(listed, vec![read.listed]);
}

#[test]
fn an_unknown_state_is_kept_apart_from_the_known_ones() {
    let listed: ListedSandbox =
        serde_json::from_value(json!({"sandboxID": "i1", "state": "hibernating"})).unwrap();

    assert_eq!(listed.state, SandboxState::Unknown);
}

#[test]
fn an_odd_value_of_a_field_never_costs_an_answer() {
    let detail = json!({
        "templateID": "tpl", "alias": "base", "sandboxID": "i1", "clientID": "c",
        "startedAt": "2026-11-23T09:12:15.392Z", "endAt": "2026-11-23T09:14:15.392Z", "cpuCount": 2,
        "memoryMB": 512, "diskSizeMB": 1024, "metadata": {"run": "RUN", "odd": null},
        "state": "running", "envdVersion": "0.6.13", "domain": "d", "envdAccessToken": "t",
        "trafficAccessToken": "t", "allowInternetAccess": true, "network": {"rules": {}},
        "lifecycle": {"onTimeout": "kill", "autoResume": false},
    });
    let fields: Vec<String> = detail.as_object().unwrap().keys().cloned().collect();
    let odd = [
        json!(null),
        json!(-1.5),
        json!(true),
        json!([null]),
        json!({"odd": null}),
    ];
    for field in fields.iter().filter(|field| *field != "sandboxID") {
        for odd in &odd {
            let mut spoiled = detail.clone();
            spoiled[field] = odd.clone();

            let read = serde_json::from_value::<SandboxDetail>(spoiled.clone());
            let created = serde_json::from_value::<Sandbox>(spoiled);

            assert_eq!(read.unwrap().listed.sandbox_id, "i1", "{field}: {odd}");
            assert_eq!(created.unwrap().sandbox_id, "i1", "{field}: {odd}");
        }
    }
    // The sandbox's identity is read, whatever else is odd.
    let read: SandboxDetail = serde_json::from_value(detail).unwrap();
    assert_eq!(
        read.listed.metadata,
        [("run".to_owned(), "RUN".to_owned())].into()
    );
}

#[test]
fn a_null_in_a_request_is_as_if_the_field_were_not_there() {
    let body = json!({
        "templateID": "base", "timeout": null, "metadata": null, "envVars": null, "autoPause": null,
        "autoPauseMemory": null, "autoResume": {"enabled": null}, "allow_internet_access": null,
        "network": null, "secure": null,
    });

    let read: NewSandbox = serde_json::from_value(body).unwrap();

    assert_eq!(
        serde_json::to_value(read).unwrap(),
        json!({"templateID": "base", "autoResume": {"enabled": false}})
    );
    // In requests, a value that does not fit is an error, not replaced.
    let odd = json!({"templateID": "base", "timeout": "long"});
    assert!(serde_json::from_value::<NewSandbox>(odd).is_err());
}
