//! Who may talk to the server: rules against pages of other origins, names that lead here by a trick, and people without a link.

use axum::http::header::{CONTENT_TYPE, COOKIE, HOST, ORIGIN};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method};
use tailward_labelling::project::Secret;

/// The header that only a script of our own page sends: a page of another origin would have to ask first.
pub(super) const OURS: &str = "x-tailward";

/// What every answer says of itself.
pub(super) const ANSWERS: [(HeaderName, HeaderValue); 5] = [
    (
        axum::http::header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(
            "default-src 'none'; img-src 'self' blob:; script-src 'self'; style-src 'self'; connect-src 'self'; \
             base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        ),
    ),
    (axum::http::header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (axum::http::header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
    (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
];

/// The rules of one server.
#[derive(Clone, Debug)]
pub(super) struct Admission {
    /// The names with a port that the server goes by.
    hosts: Vec<String>,
    /// The name of the cookie that a browser is known by; cookies do not tell ports apart.
    cookie: String,
}

impl Admission {
    /// The rules of a server at a port: this computer by its own names, and by those that somebody gave.
    pub(super) fn new(port: u16, names: &[String]) -> Self {
        let own = ["127.0.0.1", "localhost", "[::1]"].map(str::to_owned);
        let host = |name: &String| with_port(name, port).to_ascii_lowercase();
        Self { hosts: own.iter().chain(names).map(host).collect(), cookie: format!("tailward-{port}") }
    }

    /// Whether a request may be answered at all, whoever sends it.
    ///
    /// # Errors
    ///
    /// Why not, as a sentence.
    pub(super) fn check(&self, method: &Method, headers: &HeaderMap) -> Result<(), &'static str> {
        let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
        // A name that somebody else made lead to this computer is in `Host`, whatever `Origin` says.
        let host = text(HOST).map(str::to_ascii_lowercase);
        if !host.as_ref().is_some_and(|host| self.hosts.contains(host)) {
            return Err(
                "this server does not go by that name; `tailward label --host NAME` allows another one",
            );
        }
        if method != Method::GET {
            if method != Method::POST {
                return Err("only GET and POST are known here");
            }
            let is_json = text(CONTENT_TYPE).is_some_and(|kind| {
                kind.split(';')
                    .next()
                    .is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
            });
            let origin = host.map(|host| format!("http://{host}"));
            let is_own = text(ORIGIN).map(str::to_ascii_lowercase) == origin;
            if !is_json || !is_own || !headers.contains_key(OURS) {
                return Err("this was not sent by the labelling page");
            }
        }
        Ok(())
    }

    /// What the browser is known by, if it says so.
    pub(super) fn session(&self, headers: &HeaderMap) -> Option<Secret> {
        let cookies = headers.get_all(COOKIE).into_iter().filter_map(|value| value.to_str().ok());
        let mut pairs =
            cookies.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
        pairs.find(|(name, _)| *name == self.cookie).map(|(_, value)| Secret::brought(value))
    }

    /// The cookie that makes a browser known for twelve hours.
    pub(super) fn cookie(&self, session: &Secret) -> HeaderValue {
        let text =
            format!("{}={}; Path=/; HttpOnly; SameSite=Strict; Max-Age=43200", self.cookie, session.reveal());
        let mut value = HeaderValue::try_from(text).expect("a cookie of digits and letters");
        value.set_sensitive(true);
        value
    }
}

/// A name with a port: its own, if it has one.
pub(super) fn with_port(name: &str, port: u16) -> String {
    match name.rsplit_once(':') {
        Some((_, digits)) if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            name.to_owned()
        }
        _ => format!("{name}:{port}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let pair = |(name, value): &(&'static str, &str)| {
            (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap())
        };
        pairs.iter().map(pair).collect()
    }

    const GOOD: [(&str, &str); 4] = [
        ("host", "localhost:8080"),
        ("origin", "http://localhost:8080"),
        ("content-type", "application/json; charset=utf-8"),
        ("x-tailward", "1"),
    ];

    #[test]
    fn the_page_itself_is_let_in() {
        let rules = Admission::new(8080, &["Lab3.local".to_owned(), "proxy:443".to_owned()]);
        assert_eq!(rules.check(&Method::POST, &headers(&GOOD)), Ok(()));
        for host in ["127.0.0.1:8080", "[::1]:8080", "lab3.local:8080", "LAB3.LOCAL:8080", "proxy:443"] {
            assert_eq!(rules.check(&Method::GET, &headers(&[("host", host)])), Ok(()), "{host}");
        }
    }

    #[test]
    fn other_names_origins_and_kinds_are_refused() {
        let rules = Admission::new(8080, &[]);
        for host in ["evil.example:8080", "localhost", "localhost:80", "127.0.0.1:8080.evil.example", ""] {
            assert!(rules.check(&Method::GET, &headers(&[("host", host)])).is_err(), "{host}");
        }
        assert!(rules.check(&Method::GET, &headers(&[])).is_err());
        for (place, value) in [(1, "http://evil.example"), (1, "null"), (2, "text/plain"), (2, "")] {
            let mut pairs = GOOD;
            pairs[place].1 = value;
            assert!(rules.check(&Method::POST, &headers(&pairs)).is_err(), "{value}");
        }
        for (missing, _) in &GOOD[1..] {
            let mut pairs = GOOD.to_vec();
            pairs.retain(|(name, _)| name != missing);
            assert!(rules.check(&Method::POST, &headers(&pairs)).is_err(), "without {missing}");
        }
        assert!(rules.check(&Method::PUT, &headers(&GOOD)).is_err());
    }

    #[test]
    fn a_browser_is_known_by_the_cookie_of_this_port_alone() {
        let rules = Admission::new(8080, &[]);
        let cookies = headers(&[("cookie", "a=b; tailward-80=x; tailward-8080=secret")]);
        assert_eq!(rules.session(&cookies), Some(Secret::brought("secret")));
        assert_eq!(rules.session(&headers(&[("cookie", "tailward-80=x")])), None);
        let cookie = rules.cookie(&Secret::brought("secret"));
        let text = cookie.to_str().unwrap();
        assert!(
            text.starts_with("tailward-8080=secret;") && text.contains("HttpOnly; SameSite=Strict"),
            "{text}"
        );
        assert!(!format!("{cookie:?}").contains("secret"), "it is in no log");
    }
}
