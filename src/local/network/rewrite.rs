//! The headers that are set in a sandbox's requests as they leave it: `network.rules` of the create call, lists
//! of transforms by host, of which E2B has one: headers that are set.
//!
//! They are stored with the sandbox, since they apply to all its runs; no call shows them, since they contain keys.

use std::collections::BTreeMap;
use std::fmt;

use http::{HeaderMap, HeaderName, HeaderValue};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::host_pattern::HostPattern;

/// Headers to set, by the host that requests go to.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(in crate::local) struct HeaderRewrites(BTreeMap<String, BTreeMap<String, String>>);

impl fmt::Debug for HeaderRewrites {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl HeaderRewrites {
    /// Reads `network.rules`. An error names what is wrong, and no value of a header.
    pub(in crate::local) fn read(rules: Option<&Value>) -> Result<Self, String> {
        let hosts = match rules {
            None | Some(Value::Null) => return Ok(Self::default()),
            Some(Value::Object(hosts)) => hosts,
            Some(_) => {
                return Err("network.rules must be an object whose keys are hosts".to_owned());
            }
        };
        let read = hosts.iter().map(|(host, transforms)| {
            let wrong = |what: &str| format!("network.rules: '{host}' {what}");
            let Ok(HostPattern::Host(name)) = HostPattern::try_from(host.clone()) else {
                return Err(wrong("is no host name"));
            };
            let transforms = transforms.as_array();
            let transforms = transforms.ok_or_else(|| wrong("must have a list"))?;
            let mut headers = BTreeMap::new();
            for transform in transforms {
                let set = headers_of(transform)
                    .ok_or_else(|| wrong("has a rule other than transform.headers"))?;
                for (name, value) in set {
                    let name = name.to_ascii_lowercase();
                    let good = header(&name, &value).is_some();
                    good.then_some(())
                        .ok_or_else(|| wrong("has an invalid header"))?;
                    headers.insert(name, value);
                }
            }
            Ok((name, headers))
        });
        read.collect::<Result<_, _>>().map(Self)
    }

    pub(in crate::local) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What is set in requests to this host, which is in lower case; `None` where nothing is.
    pub(in crate::local) fn headers(&self, host: &str) -> Option<HeaderMap> {
        let headers = self.0.get(host)?.iter();
        Some(
            headers
                .filter_map(|(name, value)| header(name, value))
                .collect(),
        )
    }
}

/// `{"transform": {"headers": {NAME: VALUE}}}`, and nothing beside it.
fn headers_of(rule: &Value) -> Option<Vec<(String, String)>> {
    let only = |value: &Value, name: &str| {
        let fields = value.as_object().filter(|fields| fields.len() == 1)?;
        fields.get(name).cloned()
    };
    let headers = only(&only(rule, "transform")?, "headers")?;
    let headers = headers.as_object()?.iter();
    headers
        .map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
        .collect()
}

fn header(name: &str, value: &str) -> Option<(HeaderName, HeaderValue)> {
    let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
    let mut value = HeaderValue::from_str(value).ok()?;
    value.set_sensitive(true);
    Some((name, value))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn headers_are_set_for_the_named_host_and_shown_nowhere() {
        let rules = json!({
            "API.example.com": [
                {"transform": {"headers": {"Authorization": "Bearer swordfish"}}},
                {"transform": {"headers": {"x-more": "1"}}},
            ],
        });

        let rewrites = HeaderRewrites::read(Some(&rules)).unwrap();

        let headers = rewrites.headers("api.example.com").unwrap();
        assert_eq!(headers["authorization"], "Bearer swordfish");
        assert_eq!(headers["x-more"], "1");
        assert_eq!(rewrites.headers("example.com"), None);
        assert!(!format!("{rewrites:?} {headers:?}").contains("swordfish"));
        let stored = serde_json::to_string(&rewrites).unwrap();
        assert_eq!(
            serde_json::from_str::<HeaderRewrites>(&stored).unwrap(),
            rewrites
        );
    }

    #[test]
    fn what_is_no_rule_is_named_without_its_values() {
        let of = |host: &str, rule: Value| json!({ (host): [rule] });
        let headers = |name: &str, value: &str| json!({"transform": {"headers": {name: value}}});
        for (rules, said) in [
            (
                json!(["x"]),
                "network.rules must be an object whose keys are hosts",
            ),
            (
                of("10.0.0.0/8", headers("a", "b")),
                "network.rules: '10.0.0.0/8' is no host name",
            ),
            (json!({"a.b": {}}), "network.rules: 'a.b' must have a list"),
            (
                of("a.b", json!({"transform": {"body": "swordfish"}})),
                "network.rules: 'a.b' has a rule other than transform.headers",
            ),
            (
                of("a.b", headers("a", "swordfish\r\nb: c")),
                "network.rules: 'a.b' has an invalid header",
            ),
        ] {
            assert_eq!(HeaderRewrites::read(Some(&rules)).unwrap_err(), said);
        }
        assert!(HeaderRewrites::read(Some(&Value::Null)).unwrap().is_empty());
    }

    proptest! {
        #[test]
        fn no_text_breaks_the_reader(host in "\\PC*", name in "\\PC*", value in "\\PC*") {
            let rules = json!({ host.clone(): [{"transform": {"headers": {name: value}}}] });
            if let Ok(rewrites) = HeaderRewrites::read(Some(&rules)) {
                prop_assert!(rewrites.headers(&host.to_ascii_lowercase()).is_some());
            }
        }
    }
}
