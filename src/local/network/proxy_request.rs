//! The head of a request to a proxy, and what is sent on of it.
//!
//! What was read is what is sent: the first line and `Host` are written anew from the parts that
//! were checked, never copied, since the next program may take a `#`, an `@` or a single line end for
//! something else than we do.

use std::fmt;

/// A request to go somewhere.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::local) struct ProxyRequest {
    pub(in crate::local) tunnel: bool,
    /// Lower case, without brackets and without dots at its end.
    pub(in crate::local) host: String,
    pub(in crate::local) port: u16,
    /// For the server itself; empty for a tunnel.
    pub(in crate::local) direct: String,
    /// First line and headers for a proxy beyond, without the blank line.
    onward: String,
}

impl ProxyRequest {
    /// `None` for what this proxy does not do, or what is no request.
    pub(in crate::local) fn parse(head: &str) -> Option<Self> {
        let mut lines = head.split("\r\n");
        // A line end of one character is the end for some programs.
        if head
            .replace("\r\n", "")
            .chars()
            .any(|c| c.is_control() && c != '\t')
        {
            return None;
        }
        let mut words = lines.next()?.split(' ');
        let (method, target) = (words.next()?, words.next()?);
        if method == "CONNECT" {
            let (host, port) = host_and_port(target, 443)?;
            let place = HostPort(&host, Some(port));
            let onward = format!("CONNECT {place} HTTP/1.1\r\nHost: {place}\r\n");
            return Some(Self {
                tunnel: true,
                host,
                port,
                direct: String::new(),
                onward,
            });
        }
        let is_token = |byte: u8| byte.is_ascii_alphabetic() || byte == b'-';
        if method.is_empty() || !method.bytes().all(is_token) {
            return None;
        }
        let rest = target.strip_prefix("http://")?;
        let end = rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        if path.starts_with(['#', '\\']) {
            return None;
        }
        let (host, port) = host_and_port(authority.rsplit('@').next()?, 80)?;
        let slash = if path.starts_with('/') { "" } else { "/" };
        // Some servers know themselves by their name alone.
        let place = HostPort(&host, Some(port).filter(|port| *port != 80));
        let headers = headers(lines, &place)?;
        let direct = format!("{method} {slash}{path} HTTP/1.1\r\n{headers}\r\n");
        let onward = format!("{method} http://{place}{slash}{path} HTTP/1.1\r\n{headers}");
        Some(Self {
            tunnel: false,
            host,
            port,
            direct,
            onward,
        })
    }

    /// The head for a proxy beyond; `login` is a header line, or nothing.
    pub(in crate::local) fn through(&self, login: &str) -> String {
        format!("{}{login}\r\n", self.onward)
    }
}

/// Those that are sent on. One request for each connection: the next may go elsewhere.
fn headers<'a>(lines: impl Iterator<Item = &'a str>, place: &HostPort<'_>) -> Option<String> {
    let mut headers = format!("Host: {place}\r\nConnection: close\r\n");
    for line in lines.filter(|line| !line.is_empty()) {
        let name = line.split(':').next()?.to_ascii_lowercase();
        let is_ours = ["host", "connection", "keep-alive"].contains(&name.as_str());
        if name.is_empty() || name.starts_with([' ', '\t']) || name.ends_with([' ', '\t']) {
            // A folded line, or a name that some read without its space.
            return None;
        }
        if !is_ours && !name.starts_with("proxy-") {
            headers.push_str(line);
            headers.push_str("\r\n");
        }
    }
    Some(headers)
}

/// Host and port as they stand in a request.
struct HostPort<'a>(&'a str, Option<u16>);

impl fmt::Display for HostPort<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(host, port) = self;
        if host.contains(':') {
            write!(f, "[{host}]")?;
        } else {
            f.write_str(host)?;
        }
        match port {
            Some(port) => write!(f, ":{port}"),
            None => Ok(()),
        }
    }
}

/// Reads `host`, `host:port`, `[::1]` or `[::1]:port`.
pub(in crate::local) fn host_and_port(text: &str, default: u16) -> Option<(String, u16)> {
    let (host, port) = if let Some(six) = text.strip_prefix('[') {
        let (host, rest) = six.split_once(']')?;
        if rest.is_empty() {
            (host, None)
        } else {
            (host, Some(rest.strip_prefix(':')?))
        }
    } else {
        match text.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (text, None),
        }
    };
    let port = port.map_or(Some(default), |port| port.parse().ok())?;
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    (!host.is_empty()).then_some((host, port))
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_plain_request_is_sent_on_without_what_was_for_the_proxy() {
        let head = "GET http://Example.com:8080/a?b HTTP/1.1\r\nHost: localhost\r\n\
             Accept: */*\r\nProxy-Connection: keep-alive\r\nConnection: keep-alive\r\n\r\n";

        let request = ProxyRequest::parse(head).unwrap();

        assert_eq!((request.host.as_str(), request.port), ("example.com", 8080));
        let rest = "HTTP/1.1\r\nHost: example.com:8080\r\nConnection: close\r\nAccept: */*\r\n";
        assert_eq!(request.direct, format!("GET /a?b {rest}\r\n"));
        let onward = format!("GET http://example.com:8080/a?b {rest}Login: x\r\n\r\n");
        assert_eq!(request.through("Login: x\r\n"), onward);
    }

    #[test]
    fn what_is_handed_on_is_what_was_read() {
        let onward = |line: &str| {
            let request = ProxyRequest::parse(&format!("{line} HTTP/1.1\r\n\r\n")).unwrap();
            request
                .through("")
                .lines()
                .next()
                .unwrap_or_default()
                .to_owned()
        };

        assert_eq!(onward("CONNECT HOST..:1"), "CONNECT host:1 HTTP/1.1");
        assert_eq!(onward("CONNECT [::A]:1"), "CONNECT [::a]:1 HTTP/1.1");
        let wanted = "GET http://good/x HTTP/1.1";
        assert_eq!(onward("GET http://localhost:x@good/x"), wanted);
    }

    #[test]
    fn what_another_program_may_read_as_a_second_request_is_none() {
        for head in [
            "GET http://localhost#@good/ HTTP/1.1\r\n\r\n",
            "GET http://good\\@localhost/ HTTP/1.1\r\n\r\n",
            "GET http://good/ HTTP/1.1\r\nA: b\n\nGET http://localhost/ HTTP/1.1\r\n\r\n",
            "GET http://good/\nHost: HTTP/1.1\r\n\r\n",
            "GET http://good/ HTTP/1.1\r\nA: b\r\n folded\r\n\r\n",
            "GET http://good/ HTTP/1.1\r\nHost : localhost\r\n\r\n",
            "G\u{0}T http://good/ HTTP/1.1\r\n\r\n",
            "CONNECT good:443@localhost:80 HTTP/1.1\r\n\r\n",
            "CONNECT [::1]x:80 HTTP/1.1\r\n\r\n",
        ] {
            assert_eq!(ProxyRequest::parse(head), None, "{head}");
        }
    }

    proptest! {
        #[test]
        fn no_head_breaks_the_parser(head in "\\PC*") {
            let _ = ProxyRequest::parse(&head);
            let _ = ProxyRequest::parse(&format!("GET http://{head} HTTP/1.1\r\n\r\n"));
        }
    }
}
