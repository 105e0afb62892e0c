//! What a sandbox may reach of the network, as its creator asked: `allowOut` and `denyOut` of the
//! create call, lists of addresses, ranges and names.
//!
//! Beside them [`HeaderRewrites`]: what is written into the requests that leave.
//!
//! What is allowed counts before what is denied, and what neither names is open (E2B's rules). The
//! sandbox's proxy ([`super::forward_proxy`]) enforces them, so only where a sandbox has no other connection: with a
//! network of its own. Elsewhere the sandbox's log says that they are not in force.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::host_pattern::HostPattern;
use super::rewrite::HeaderRewrites;

const DOMAINS_ALONE: &str = "When specifying allowed domains in allow out, you must include \
    'ALL_TRAFFIC' in deny out to block all other traffic.";

/// Rules for what leaves a sandbox; the default lets everything out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::local) struct NetworkRules {
    pub(in crate::local) allow: Vec<HostPattern>,
    pub(in crate::local) deny: Vec<HostPattern>,
    pub(in crate::local) rewrite: HeaderRewrites,
}

impl NetworkRules {
    /// Reads a create's or an update's fields. An error names the entry that is no place.
    pub(in crate::local) fn read(
        internet: Option<bool>,
        allow: Option<&Value>,
        deny: Option<&Value>,
        rules: Option<&Value>,
    ) -> Result<Self, String> {
        let (allow, mut deny) = (places("allowOut", allow)?, places("denyOut", deny)?);
        judge(&allow, &deny)?;
        if internet == Some(false) && !deny.contains(&HostPattern::All) {
            deny.push(HostPattern::All);
        }
        let rewrite = HeaderRewrites::read(rules)?;
        Ok(Self {
            allow,
            deny,
            rewrite,
        })
    }

    pub(in crate::local) fn denies_all(&self) -> bool {
        self.deny.contains(&HostPattern::All)
    }

    /// Whether it is worth to look up a host's addresses: they may be allowed.
    pub(in crate::local) fn may_look_up(&self, host: &str) -> bool {
        let allowed =
            |place: &HostPattern| place.has_name(host) || matches!(place, HostPattern::Range(..));
        !self.denies_all() || self.allow.iter().any(allowed)
    }

    /// Whether a host may be reached at an address; `None` if we cannot know the address.
    pub(in crate::local) fn permits(&self, host: &str, ip: Option<IpAddr>) -> bool {
        let named = |place: &HostPattern| {
            place.has_name(host) || ip.is_some_and(|ip| place.has_address(ip.to_canonical()))
        };
        // It may be in one of the ranges.
        let hidden = |place: &HostPattern| ip.is_none() && matches!(place, HostPattern::Range(..));
        self.allow.iter().any(named) || !self.deny.iter().any(|place| named(place) || hidden(place))
    }
}

/// Refuses what E2B refuses, in its words (its control plane of August 2026).
fn judge(allow: &[HostPattern], deny: &[HostPattern]) -> Result<(), String> {
    let shown = |place: &HostPattern| String::from(place.clone());
    if let Some(place) = deny.iter().find(|place| !place.is_address()) {
        let place = shown(place);
        return Err(format!(
            "invalid denied CIDR {place}: denyOut takes addresses and ranges of addresses"
        ));
    }
    let is_name =
        |place: &&HostPattern| !matches!(place, HostPattern::All | HostPattern::Range(..));
    let nowhere = |place: &&HostPattern| !is_name(place) && !place.is_address();
    if let Some(place) = allow.iter().find(nowhere) {
        return Err(format!("invalid allowed address {}", shown(place)));
    }
    if allow.iter().any(|place| is_name(&place)) && !deny.contains(&HostPattern::All) {
        return Err(DOMAINS_ALONE.to_owned());
    }
    Ok(())
}

fn places(list: &str, value: Option<&Value>) -> Result<Vec<HostPattern>, String> {
    let entries = match value {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Array(entries)) => entries,
        Some(_) => return Err(format!("network.{list} must be a list")),
    };
    let read = entries.iter().map(|entry| {
        let text = entry.as_str().unwrap_or_default();
        HostPattern::try_from(text.to_owned()).map_err(|error| format!("network.{list}: {error}"))
    });
    read.collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn network_rules(allow: &Value, deny: &Value) -> NetworkRules {
        NetworkRules::read(None, Some(allow), Some(deny), None).unwrap()
    }

    fn at(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn what_is_allowed_counts_before_what_is_denied() {
        let rules = network_rules(
            &json!(["api.example.com", "*.cdn.example", "192.0.2.0/24"]),
            &json!(["0.0.0.0/0"]),
        );

        assert!(rules.permits("api.example.com", Some(at("198.51.100.1"))));
        assert!(rules.permits("a.b.cdn.example", None));
        assert!(rules.permits("anything.example", Some(at("192.0.2.9"))));
        for host in [
            "example.com",
            "cdn.example",
            "xcdn.example",
            "evil-api.example.com",
        ] {
            assert!(!rules.permits(host, Some(at("198.51.100.1"))), "{host}");
            assert!(!rules.permits(host, Some(at("2001:db8::1"))), "{host}");
        }
    }

    #[test]
    fn what_is_not_denied_is_open_but_an_unknown_address_may_be_in_a_denied_range() {
        let rules = network_rules(&json!([]), &json!(["10.0.0.0/8", "2001:db8::/32"]));

        assert!(rules.permits("host", Some(at("192.0.2.1"))));
        assert!(!rules.permits("host", Some(at("10.255.0.1"))));
        assert!(!rules.permits("host", Some(at("::ffff:10.0.0.1"))));
        assert!(!rules.permits("host", Some(at("2001:db8:1::1"))));
        assert!(!rules.permits("host", None));
        assert!(NetworkRules::default().permits("host", None));
    }

    #[test]
    fn without_internet_no_name_is_even_looked_up() {
        let closed = NetworkRules::read(Some(false), None, None, None).unwrap();

        assert!(closed.denies_all() && !closed.may_look_up("example.com"));
        assert!(
            network_rules(&json!(["192.0.2.1"]), &json!(["0.0.0.0/0"])).may_look_up("example.com")
        );
    }

    #[test]
    fn an_entry_that_is_no_place_is_named() {
        for entry in ["10.0.0.0/33", "1.2.3", "a..b", "http://a", "", "::/129"] {
            let error = NetworkRules::read(None, None, Some(&json!([entry])), None).unwrap_err();
            assert!(
                error.starts_with(&format!("network.denyOut: '{entry}'")),
                "{error}"
            );
        }
    }

    #[test]
    fn what_e2b_refuses_is_refused() {
        for (allow, deny, wanted) in [
            (
                json!([]),
                json!(["example.com"]),
                "invalid denied CIDR example.com",
            ),
            (json!([]), json!(["*"]), "invalid denied CIDR *"),
            (json!([]), json!(["0.0.0.0"]), "invalid denied CIDR 0.0.0.0"),
            (json!([]), json!(["::/0"]), "invalid denied CIDR ::/0"),
            (
                json!(["0.0.0.0/8"]),
                json!(["0.0.0.0/0"]),
                "invalid allowed address 0.0.0.0/8",
            ),
            (json!(["example.com"]), json!([]), DOMAINS_ALONE),
            (json!(["*.a.example"]), json!(["10.0.0.0/8"]), DOMAINS_ALONE),
        ] {
            // Not even this is denying all: E2B looks at the lists alone.
            let read = NetworkRules::read(Some(false), Some(&allow), Some(&deny), None);
            let error = read.unwrap_err();
            assert!(error.starts_with(wanted), "{error}");
        }
    }

    #[test]
    fn a_star_allows_every_name_and_no_bare_address() {
        let rules = network_rules(&json!(["*"]), &json!(["0.0.0.0/0"]));

        assert!(rules.permits("example.com", None));
        assert!(!rules.permits("192.0.2.1", Some(at("192.0.2.1"))));
    }

    proptest! {
        #[test]
        fn a_range_has_its_addresses_and_its_text_is_read_as_the_same(
            ip in any::<u32>(), other in any::<u32>(), bits in 1..=32_u32,
        ) {
            let place = HostPattern::Range(IpAddr::V4(ip.into()), bits);
            let shared = (ip ^ other).leading_zeros() >= bits;

            prop_assert_eq!(place.has_address(IpAddr::V4(other.into())), shared);
            prop_assert_eq!(HostPattern::try_from(String::from(place.clone())), Ok(place));
        }

        #[test]
        fn no_text_breaks_the_parser(text in "\\PC*") {
            let _ = HostPattern::try_from(text);
        }
    }
}
