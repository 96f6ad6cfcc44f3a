//! Who is let in, by requests that no page would send.

use serde_json::Value;

use super::http::{Response, request};
use super::serving::Serving;
use crate::fixture::tailward;
use crate::pictures::{Desk, words};

/// A browser that came in.
struct Caller {
    port: u16,
    host: String,
    origin: String,
    cookie: String,
}

impl Caller {
    /// Comes in by the secret of a link.
    fn enter(port: u16, secret: &str) -> Result<Self, Response> {
        let (host, origin) = (format!("127.0.0.1:{port}"), format!("http://127.0.0.1:{port}"));
        let headers = [
            ("host", host.as_str()),
            ("origin", origin.as_str()),
            ("content-type", "application/json"),
            ("x-tailward", "1"),
        ];
        let response = request(port, "POST /enter", &headers, &format!("{{\"token\":\"{secret}\"}}"));
        if response.status != 204 {
            return Err(response);
        }
        let cookie = response.header("set-cookie").unwrap();
        assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"), "{cookie}");
        let cookie = cookie.split(';').next().unwrap().to_owned();
        Ok(Self { port, host, origin, cookie })
    }

    fn headers(&self) -> Vec<(&str, &str)> {
        vec![
            ("host", &self.host),
            ("origin", &self.origin),
            ("content-type", "application/json"),
            ("x-tailward", "1"),
            ("cookie", &self.cookie),
        ]
    }

    fn get(&self, path: &str) -> Response {
        request(self.port, &format!("GET {path}"), &self.headers(), "")
    }

    fn post(&self, path: &str, body: &str) -> Response {
        request(self.port, &format!("POST {path}"), &self.headers(), body)
    }

    fn state(&self) -> Value {
        serde_json::from_slice(&self.get("/api/state").body).unwrap()
    }
}

fn queue(state: &Value) -> Vec<u64> {
    state["queue"].as_array().unwrap().iter().map(|sample| sample.as_u64().unwrap()).collect()
}

#[test]
fn a_link_works_once_and_nobody_else_is_let_in() {
    let desk = Desk::new();
    assert!(desk.init("p", &[]).status.success());
    let serving = Serving::start(&desk.path("p"), &[], 1);
    let port = serving.port();
    assert_eq!(Caller::enter(port, "0123456789abcdef0123456789abcdef").map(drop).unwrap_err().status, 401);
    let caller = Caller::enter(port, serving.secret(0)).unwrap();
    assert_eq!(Caller::enter(port, serving.secret(0)).map(drop).unwrap_err().status, 401);
    assert_eq!(queue(&caller.state()).len(), 12);

    // Without the cookie, from another origin, by another name, without the header, as a form, at length.
    let sample = queue(&caller.state())[0];
    let press = format!("[{{\"sample\":{sample},\"mark\":{{\"label\":0}},\"how\":\"single\"}}]");
    for (name, value, status) in [
        ("cookie", "", 401),
        ("cookie", "tailward=x", 401),
        ("host", "evil.example", 403),
        ("host", &format!("evil.example:{port}"), 403),
        ("origin", "http://evil.example", 403),
        ("origin", "null", 403),
        ("x-tailward", "", 403),
        ("content-type", "application/x-www-form-urlencoded", 403),
        ("content-type", "text/plain", 403),
    ] {
        let mut headers = caller.headers();
        headers.retain(|(known, _)| *known != name);
        if !value.is_empty() {
            headers.push((name, value));
        }
        let response = request(port, "POST /api/say", &headers, &press);
        assert_eq!(response.status, status, "{name}: {value}: {}", response.text());
    }
    for path in ["/api/state", "/api/history", "/api/resolve", "/image/0", "/image/0/whole"] {
        let response =
            request(port, &format!("GET {path}"), &[("host", &caller.host), ("x-tailward", "1")], "");
        assert_eq!(response.status, 401, "{path}");
    }
    assert_eq!(request(port, "GET /", &[("host", "evil.example")], "").status, 403);
    assert_eq!(request(port, "DELETE /api/say", &caller.headers(), "").status, 403);
    let long = format!("[{}{press}", " ".repeat(70_000));
    assert_eq!(caller.post("/api/say", &long).status, 413);
    for (body, status) in [
        ("[", 400),
        ("[{\"sample\":0}]", 422),
        ("[{\"sample\":9999,\"mark\":\"skipped\",\"how\":\"single\"}]", 422),
    ] {
        assert_eq!(caller.post("/api/say", body).status, status, "{body}");
    }
    let untold = format!("[{{\"sample\":{sample},\"mark\":{{\"label\":7}},\"how\":\"single\"}}]");
    let refused = caller.post("/api/say", &untold);
    assert!(refused.status == 422 && refused.text().contains("there is no such class"), "{}", refused.text());
    let ledger = std::fs::read_to_string(desk.path("p").join("ledger.csv")).unwrap();
    assert!(!ledger.contains("answered") && !ledger.contains("audited"), "nothing was taken: {ledger}");

    let page = request(port, "GET /", &[("host", &caller.host)], "");
    assert_eq!(page.status, 200);
    let policy = page.header("content-security-policy").unwrap();
    assert!(
        policy.starts_with("default-src 'none'") && policy.contains("frame-ancestors 'none'"),
        "{policy}"
    );
    assert_eq!(page.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(caller.get("/api/state").header("cache-control"), Some("no-store"));
    let image = caller.get(&format!("/image/{sample}"));
    assert_eq!((image.status, image.header("content-type")), (200, Some("image/png")));
    assert!(image.body.starts_with(b"\x89PNG"));
    assert_eq!(caller.get("/image/../tailward.toml").status, 404);
    assert_eq!(caller.get("/image/999999").status, 422);
    // The image's file changes: it is not shown, for its label would be of something else.
    let path = serde_json::from_slice::<Value>(&caller.get(&format!("/api/why/{sample}")).body).unwrap();
    let file = desk.path("photos").join(path["path"].as_str().unwrap());
    let mut other = std::fs::read_dir(desk.path("photos")).unwrap().map(|entry| entry.unwrap().path());
    let other = other.find(|path| *path != file).unwrap();
    std::fs::copy(other, file).unwrap();
    assert!(caller.get(&format!("/image/{sample}")).text().contains("is another file than it was"));
}

#[test]
fn a_press_that_is_sent_twice_counts_once_and_a_browser_is_known_after_a_restart() {
    let desk = Desk::new();
    assert!(desk.init("p", &["--audit", "0%"]).status.success());
    let serving = Serving::start(&desk.path("p"), &[], 1);
    let mut caller = Caller::enter(serving.port(), serving.secret(0)).unwrap();
    let queue_before = queue(&caller.state());
    let press =
        |mark: &str| format!("[{{\"sample\":{},\"mark\":{mark},\"how\":\"single\"}}]", queue_before[0]);
    assert_eq!(caller.post("/api/say", &press("{\"label\":1}")).status, 200);
    assert_eq!(caller.post("/api/say", &press("{\"label\":1}")).status, 200);
    let port = serving.port();
    serving.kill();
    let serving = Serving::start(&desk.path("p"), &[], 1);
    assert_eq!(serving.port(), port, "a page that is open finds the server again");
    caller.port = serving.port();
    assert_eq!(caller.post("/api/say", &press("{\"label\":1}")).status, 200);
    assert_eq!(queue(&caller.state()), queue_before[1..]);
    // A correction, and two undos of it by a page that was not told of the first.
    assert_eq!(caller.post("/api/say", &press("{\"label\":2}")).status, 200);
    let undo = format!("{{\"sample\":{},\"event\":\"corrected\",\"label\":2}}", queue_before[0]);
    assert_eq!(caller.post("/api/undo", &undo).status, 200);
    assert_eq!(caller.post("/api/undo", &undo).status, 200);
    let events: Vec<String> = desk
        .ledger("p")
        .iter()
        .map(|line| line.split(',').nth(4).unwrap().to_owned())
        .filter(|event| event != "requested" && event != "event")
        .collect();
    assert_eq!(events, ["answered", "corrected", "undone"]);
    let history: Value = serde_json::from_slice(&caller.get("/api/history").body).unwrap();
    assert_eq!(history[0]["label"], 1);
    // Whoever looks does not have to wait, and sees what was said; one process at a time changes the project.
    let look = |verb: &str| tailward().arg(verb).arg(desk.path("p")).output().unwrap();
    for verb in ["report", "export"] {
        let looked = look(verb);
        assert!(looked.status.success(), "{verb}: {}", words(&looked));
    }
    let before = desk.ledger("p");
    let labels = |status: &Value| {
        status["classes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|class| class["labels"].as_u64().unwrap())
            .sum::<u64>()
    };
    let status = desk.status("p");
    assert_eq!((labels(&status), desk.ledger("p")), (1, before), "{status}");
    let second = tailward().arg("label").arg(desk.path("p")).output().unwrap();
    assert_eq!(second.status.code(), Some(5));
    assert!(words(&second).contains("is in use by another process"), "{}", words(&second));
}

#[test]
fn each_person_has_a_link_and_a_queue() {
    let desk = Desk::new();
    assert!(desk.init("p", &["--audit", "0%"]).status.success());
    let people = ["--annotator", "ada", "--annotator", "bo", "--overlap", "0.5"];
    let serving = Serving::start(&desk.path("p"), &people, 2);
    let [ada, bo] = [0, 1].map(|link| Caller::enter(serving.port(), serving.secret(link)).unwrap());
    Caller::enter(serving.port(), serving.secret(0))
        .map(drop)
        .unwrap_or_else(|_| panic!("a person's link lasts"));
    assert_eq!(
        (ada.state()["annotator"].as_str(), bo.state()["annotator"].as_str()),
        (Some("ada"), Some("bo"))
    );
    let say = |caller: &Caller, label: u32| {
        let sample = queue(&caller.state())[0];
        let press = format!("[{{\"sample\":{sample},\"mark\":{{\"label\":{label}}},\"how\":\"single\"}}]");
        assert_eq!(caller.post("/api/say", &press).status, 200);
    };
    assert_ne!(queue(&ada.state())[0], queue(&bo.state())[0]);
    while !queue(&ada.state()).is_empty() || !queue(&bo.state()).is_empty() {
        for (caller, label) in [(&ada, 0), (&bo, 1)] {
            if !queue(&caller.state()).is_empty() {
                say(caller, label);
            }
        }
    }
    let state = ada.state();
    assert_eq!((state["waiting"].as_u64(), state["disputed"].as_u64()), (Some(0), Some(6)), "{state}");
    let questions: Value = serde_json::from_slice(&bo.get("/api/resolve").body).unwrap();
    let question = &questions[0];
    assert_eq!(question["given"], serde_json::json!([["ada", 0], ["bo", 1]]));
    let settle =
        format!("[{{\"sample\":{},\"mark\":{{\"label\":2}},\"how\":\"resolve\"}}]", question["sample"]);
    assert_eq!(bo.post("/api/say", &settle).status, 200);
    assert_eq!(bo.post("/api/say", &settle).status, 200, "sent twice");
    assert_eq!(ada.state()["disputed"].as_u64(), Some(5));
    assert_eq!(desk.ledger("p").iter().filter(|line| line.contains("settled")).count(), 1);
    serving.kill();

    // The links hold after a restart and are not shown again; new ones take the old ones' place.
    let output =
        tailward().arg("label").arg(desk.path("p")).args(["--listen", "0.0.0.0:0"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(words(&output).contains("say who labels with --annotator"), "{}", words(&output));
    let new = [&people[..], &["--new-links"]].concat();
    let serving = Serving::start(&desk.path("p"), &new, 2);
    let again = Caller { port: serving.port(), ..ada };
    assert_eq!(again.get("/api/state").status, 401);
    let people = std::fs::read_to_string(desk.path("p").join("people.csv")).unwrap();
    assert!(!people.contains(serving.secret(0)), "{people}");
}

/// What cannot be said is refused once and for all; a page would send anything else for ever.
#[test]
fn what_was_settled_takes_new_settlements_and_refusals_are_no_outages() {
    let desk = Desk::new();
    assert!(desk.init("p", &[]).status.success());
    desk.change("p", "at_least = 100", "at_least = 4");
    let people = ["--annotator", "ada", "--annotator", "bo", "--overlap", "1"];
    let serving = Serving::start(&desk.path("p"), &people, 2);
    let [ada, bo] = [0, 1].map(|link| Caller::enter(serving.port(), serving.secret(link)).unwrap());
    let audit = std::fs::read_to_string(desk.path("p").join("audit.csv")).unwrap();
    let of_audit: Vec<u64> =
        audit.lines().skip(1).map(|line| line.split(',').next().unwrap().parse().unwrap()).collect();
    let press = |sample: u64, label: u32, how: &str| {
        format!("[{{\"sample\":{sample},\"mark\":{{\"label\":{label}}},\"how\":\"{how}\"}}]")
    };
    let waiting = queue(&ada.state());
    let (asked, rest): (Vec<u64>, Vec<u64>) = waiting.iter().partition(|sample| of_audit.contains(sample));
    let sample = rest[0];
    // Nobody has answered it, it belongs to the audit, it was never asked for, it is there twice.
    let free = (0..150).find(|sample| !waiting.contains(sample)).unwrap();
    let twice = format!("[{0},{0}]", press(rest[1], 0, "single").trim_matches(['[', ']']));
    for (body, words) in [
        (press(sample, 0, "resolve"), "nobody gave it a label"),
        (press(asked[0], 0, "resolve"), "nobody gave it a label"),
        (press(asked[0], 0, "grid"), "is labelled alone"),
        (press(free, 0, "single"), "was never asked for"),
        (press(free, 0, "resolve"), "nobody gave it a label"),
        (twice, "is answered twice"),
    ] {
        let refused = ada.post("/api/say", &body);
        assert_eq!(refused.status, 422, "{body}: {}", refused.text());
        assert!(refused.text().contains(words), "{}", refused.text());
    }
    // Once it is settled, whatever anybody says of it is a new settlement.
    for (caller, label, how) in [
        (&ada, 0, "single"),
        (&bo, 1, "single"),
        (&ada, 1, "resolve"),
        (&ada, 2, "single"),
        (&bo, 0, "single"),
    ] {
        let said = caller.post("/api/say", &press(sample, label, how));
        assert_eq!(said.status, 200, "{}", said.text());
    }
    let last = desk.ledger("p").into_iter().rfind(|line| line.contains(&format!(",{sample},"))).unwrap();
    assert!(last.contains(&format!("settled,{sample},0,bo,resolve")), "{last}");
    let undone = bo.post("/api/undo", &format!("{{\"sample\":{sample},\"event\":\"settled\",\"label\":0}}"));
    assert_eq!(undone.status, 200, "{}", undone.text());
    let last = desk.ledger("p").into_iter().rfind(|line| line.contains(&format!(",{sample},"))).unwrap();
    assert!(last.contains("undone"), "{last}");
    // Another command that writes waits for a moment and then says who works here.
    let told = desk.tell("p", "path,label\n", &[]);
    assert_eq!(told.status.code(), Some(5), "{}", words(&told));
    // Another file in the ledger's place is noticed: nothing is called saved that is not there.
    let ledger = desk.path("p").join("ledger.csv");
    std::fs::copy(&ledger, desk.path("copy")).unwrap();
    std::fs::rename(desk.path("copy"), &ledger).unwrap();
    let failed = ada.post("/api/say", &press(rest[1], 0, "single"));
    assert!(
        failed.status == 500 && failed.text().contains("another file was put in its place"),
        "{}",
        failed.text()
    );
}
