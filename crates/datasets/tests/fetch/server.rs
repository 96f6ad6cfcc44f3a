//! An HTTP server on this machine that serves one file, well or badly.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// How the server answers one request; the last one is repeated.
#[derive(Clone)]
pub(crate) enum Answer {
    /// The file, or the part of it that was asked for.
    File(Vec<u8>),
    /// The same with the connection closed after some bytes of the body.
    CutAfter(Vec<u8>, usize),
    /// The whole file whatever part was asked for.
    Whole(Vec<u8>),
    /// A body without a length, ended by closing the connection.
    Unsized(Vec<u8>),
    /// A status without a body.
    Status(&'static str),
}

/// A server on a free port, and the `Range` headers that it was sent ("" for none).
pub(crate) struct Server {
    pub(crate) url: String,
    ranges: Arc<Mutex<Vec<String>>>,
}

impl Server {
    pub(crate) fn new(answers: Vec<Answer>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/tiny.tar.gz", listener.local_addr().unwrap());
        let ranges = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&ranges);
        // The thread ends with the test process.
        thread::spawn(move || {
            for (request, stream) in listener.incoming().enumerate() {
                let answer = &answers[request.min(answers.len() - 1)];
                respond(stream.unwrap(), answer, &seen);
            }
        });
        Self { url, ranges }
    }

    pub(crate) fn ranges(&self) -> Vec<String> {
        self.ranges.lock().unwrap().clone()
    }
}

fn respond(mut stream: TcpStream, answer: &Answer, ranges: &Mutex<Vec<String>>) {
    let mut range = String::new();
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        if line.trim().is_empty() {
            break;
        }
        if let Some(value) = line.to_lowercase().strip_prefix("range: ") {
            range = value.trim().to_owned();
        }
    }
    ranges.lock().unwrap().push(range.clone());
    let start: usize = range.trim_start_matches("bytes=").trim_end_matches('-').parse().unwrap_or(0);
    let (body, start, cut) = match answer {
        Answer::File(body) => (body, start, usize::MAX),
        Answer::CutAfter(body, cut) => (body, start, *cut),
        Answer::Whole(body) => (body, 0, usize::MAX),
        Answer::Unsized(body) => {
            let _ = write!(stream, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
            let _ = stream.write_all(body);
            return;
        }
        Answer::Status(status) => {
            let _ = write!(stream, "HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            return;
        }
    };
    let (status, content_range) = match start {
        0 => ("200 OK", String::new()),
        _ if start >= body.len() => {
            ("416 Range Not Satisfiable", format!("Content-Range: bytes */{}\r\n", body.len()))
        }
        _ => (
            "206 Partial Content",
            format!("Content-Range: bytes {start}-{}/{}\r\n", body.len() - 1, body.len()),
        ),
    };
    let rest = &body[start.min(body.len())..];
    let _ = write!(
        stream,
        "HTTP/1.1 {status}\r\n{content_range}Content-Length: {}\r\nConnection: close\r\n\r\n",
        rest.len()
    );
    let _ = stream.write_all(&rest[..rest.len().min(cut)]);
}
