//! One entry of a list of network rules: an address, a range of addresses or a name, as E2B writes them.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

/// All traffic, of both address families (E2B's spelling).
const ALL: &str = "0.0.0.0/0";

/// What one entry of a list names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(in crate::local) enum HostPattern {
    All,
    /// The addresses that share this many leading bits.
    Range(IpAddr, u32),
    /// Lower case.
    Host(String),
    /// All names below this one.
    Subdomains(String),
    /// Every name, as `*`.
    AnyName,
}

impl HostPattern {
    /// Whether it is one or more addresses; the unspecified one is none.
    pub(in crate::local) fn is_address(&self) -> bool {
        match self {
            Self::All => true,
            Self::Range(ip, _) => !ip.is_unspecified(),
            Self::Host(_) | Self::Subdomains(_) | Self::AnyName => false,
        }
    }

    pub(in crate::local) fn has_name(&self, host: &str) -> bool {
        match self {
            Self::All => true,
            Self::Range(..) => false,
            Self::AnyName => host.parse::<IpAddr>().is_err(),
            Self::Host(name) => host == name,
            Self::Subdomains(name) => host
                .strip_suffix(name.as_str())
                .is_some_and(|rest| rest.len() > 1 && rest.ends_with('.')),
        }
    }

    pub(in crate::local) fn has_address(&self, ip: IpAddr) -> bool {
        match self {
            Self::All => true,
            Self::Range(range, bits) => leading(ip, *bits) == leading(*range, *bits),
            Self::Host(_) | Self::Subdomains(_) | Self::AnyName => false,
        }
    }
}

/// The first bits of an address, with its family: addresses of two families share none.
fn leading(ip: IpAddr, bits: u32) -> (bool, u128) {
    match ip {
        IpAddr::V4(ip) => {
            let mask = u32::MAX.checked_shl(32_u32.saturating_sub(bits));
            (true, u128::from(ip.to_bits() & mask.unwrap_or(0)))
        }
        IpAddr::V6(ip) => {
            let mask = u128::MAX.checked_shl(128_u32.saturating_sub(bits));
            (false, ip.to_bits() & mask.unwrap_or(0))
        }
    }
}

impl TryFrom<String> for HostPattern {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let wrong = || format!("'{text}' is not an address, a range of addresses or a host name");
        let most = |ip: IpAddr| if ip.is_ipv4() { 32 } else { 128 };
        if text == ALL {
            return Ok(Self::All);
        }
        if text == "*" {
            return Ok(Self::AnyName);
        }
        if let Ok(ip) = text.parse::<IpAddr>() {
            return Ok(Self::Range(ip, most(ip)));
        }
        if let Some((ip, bits)) = text.split_once('/') {
            let ip: IpAddr = ip.parse().map_err(|_| wrong())?;
            let bits = bits.parse().ok().filter(|bits| *bits <= most(ip));
            return Ok(Self::Range(ip, bits.ok_or_else(wrong)?));
        }
        let name = text.to_ascii_lowercase();
        let (below, name) = match name.strip_prefix("*.") {
            Some(name) => (true, name),
            None => (false, &*name),
        };
        let good = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        let labels = name.split('.').all(|label| !label.is_empty());
        if !labels || !name.bytes().all(good) || !name.bytes().any(|b| b.is_ascii_alphabetic()) {
            return Err(wrong());
        }
        Ok(if below {
            Self::Subdomains(name.to_owned())
        } else {
            Self::Host(name.to_owned())
        })
    }
}

impl From<HostPattern> for String {
    fn from(place: HostPattern) -> Self {
        match place {
            HostPattern::All => ALL.to_owned(),
            HostPattern::Range(ip, bits) => format!("{ip}/{bits}"),
            HostPattern::Host(name) => name,
            HostPattern::Subdomains(name) => format!("*.{name}"),
            HostPattern::AnyName => "*".to_owned(),
        }
    }
}
