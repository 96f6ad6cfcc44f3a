//! One file over HTTP, resumed where an earlier try stopped.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use ureq::http::{Response, StatusCode};
use ureq::{Agent, Body};

use crate::checksum::Checksum;
use crate::error::{Error, Result};
use crate::files;

use super::progress::FetchProgress;

/// A connection that is silent for this long is given up; the next try resumes.
const SILENCE: Duration = Duration::from_secs(60);

/// What is downloaded.
#[derive(Copy, Clone, Debug)]
pub(crate) struct Remote<'a> {
    /// The official address.
    pub(crate) url: &'a str,
    /// The size, where it is known.
    pub(crate) bytes: Option<u64>,
    /// The checksum as published.
    pub(crate) checksum: &'a Checksum,
}

/// Downloads a file to `path` and returns how many bytes that took. Bytes go to `<path>.part` first; the file gets
/// its name once its checksum is right. A broken connection is tried again as long as every try brings new bytes.
///
/// # Errors
/// `help` ends every message: what to do without a network. A part that is too long or has the wrong checksum is
/// removed; a part that is merely short is kept for the next call.
pub(crate) fn download(
    remote: Remote<'_>,
    path: &Path,
    help: &str,
    progress: &mut dyn FnMut(FetchProgress),
) -> Result<u64> {
    let mut download =
        Download { remote, part: part_of(path), help, agent: agent(), progress, downloaded_bytes: 0 };
    download.run()?;
    (download.progress)(FetchProgress::Verifying { path: download.part.clone() });
    let found = files::digest(&download.part, remote.checksum)?;
    if !remote.checksum.accepts(&found) {
        download.remove_part()?;
        return Err(Error::ChecksumMismatch {
            path: download.part,
            algorithm: remote.checksum.algorithm(),
            expected: remote.checksum.expectation(),
            found,
            help: format!("the partial file was removed; {help}"),
        });
    }
    fs::rename(&download.part, path).map_err(Error::io("create", path))?;
    Ok(download.downloaded_bytes)
}

struct Download<'a> {
    remote: Remote<'a>,
    part: PathBuf,
    help: &'a str,
    agent: Agent,
    progress: &'a mut dyn FnMut(FetchProgress),
    downloaded_bytes: u64,
}

/// How one request ended, short of an error that no second request would mend.
enum Ended {
    Complete,
    /// The part must be thrown away, or was.
    Restart(String),
    Interrupted(ureq::Error),
}

impl Download<'_> {
    fn run(&mut self) -> Result<()> {
        let mut longest = self.part_bytes()?;
        let mut restarts = 0;
        loop {
            let from_byte = self.part_bytes()?;
            let ended = match self.remote.bytes {
                Some(bytes) if from_byte == bytes => Ended::Complete,
                Some(bytes) if from_byte > bytes => Ended::Restart(format!(
                    "the partial file has {from_byte} bytes, expected at most {bytes}"
                )),
                _ => self.request(from_byte)?,
            };
            match ended {
                Ended::Complete => return Ok(()),
                Ended::Restart(reason) if restarts == 0 => {
                    self.remove_part()?;
                    (longest, restarts) = (0, 1);
                    (self.progress)(FetchProgress::Restarting { reason });
                }
                Ended::Restart(reason) => return Err(self.failed(ureq::Error::Io(io::Error::other(reason)))?),
                Ended::Interrupted(error) => {
                    let received_bytes = self.part_bytes()?;
                    if received_bytes <= longest {
                        return Err(self.failed(error)?);
                    }
                    longest = received_bytes;
                    (self.progress)(FetchProgress::Interrupted { received_bytes, reason: error.to_string() });
                }
            }
        }
    }

    /// Sends one request and takes its answer apart.
    fn request(&mut self, from_byte: u64) -> Result<Ended> {
        let url = self.remote.url;
        (self.progress)(FetchProgress::Connecting { url: url.to_owned(), from_byte });
        // The file itself is wanted, not one that the transport has unpacked.
        let mut request = self.agent.get(url).header("Accept-Encoding", "identity");
        if from_byte > 0 {
            request = request.header("Range", format!("bytes={from_byte}-"));
        }
        let response = match request.call() {
            Ok(response) => response,
            Err(error) => return Ok(Ended::Interrupted(error)),
        };
        match response.status() {
            StatusCode::OK => {
                if from_byte > 0 {
                    let reason = "the server does not resume: it sent the whole file".to_owned();
                    (self.progress)(FetchProgress::Restarting { reason });
                }
                let total = response.body().content_length();
                self.receive(response, 0, total)
            }
            StatusCode::PARTIAL_CONTENT => match content_range(&response) {
                Some((Some(start), total)) if start == from_byte => self.receive(response, from_byte, total),
                _ => Ok(Ended::Restart("the server resumed at another byte".to_owned())),
            },
            StatusCode::RANGE_NOT_SATISFIABLE if from_byte > 0 => match content_range(&response) {
                Some((None, Some(total))) if total == from_byte => Ok(Ended::Complete),
                _ => Ok(Ended::Restart(format!("the server has no byte {from_byte}"))),
            },
            status => Err(Error::HttpStatus {
                url: url.to_owned(),
                status: status.as_u16(),
                help: self.help.to_owned(),
            }),
        }
    }

    /// Appends a body to the part, whose first `from_byte` bytes stay. `total` is the whole size that the server says.
    fn receive(&mut self, response: Response<Body>, from_byte: u64, total: Option<u64>) -> Result<Ended> {
        if let (Some(expected), Some(announced)) = (self.remote.bytes, total)
            && announced != expected
        {
            self.remove_part()?;
            return Err(self.wrong_size(expected, announced));
        }
        let total_bytes = self.remote.bytes.or(total);
        let mut file = self.open_part(from_byte)?;
        let mut body = response.into_body().into_reader();
        let mut received_bytes = from_byte;
        let mut chunk = vec![0; 1 << 17];
        loop {
            let bytes = match body.read(&mut chunk) {
                Ok(0) => break,
                Ok(bytes) => bytes,
                Err(error) => return Ok(Ended::Interrupted(ureq::Error::Io(error))),
            };
            file.write_all(&chunk[..bytes]).map_err(Error::io("write", &self.part))?;
            received_bytes += bytes as u64;
            self.downloaded_bytes += bytes as u64;
            if let Some(expected) = total_bytes.filter(|&total| received_bytes > total) {
                self.remove_part()?;
                return Err(self.wrong_size(expected, received_bytes));
            }
            (self.progress)(FetchProgress::Downloading { received_bytes, total_bytes });
        }
        if total_bytes.is_some_and(|total| received_bytes < total) {
            return Ok(Ended::Interrupted(ureq::Error::Io(io::ErrorKind::UnexpectedEof.into())));
        }
        file.sync_all().map_err(Error::io("write", &self.part))?;
        Ok(Ended::Complete)
    }

    fn open_part(&self, keep_bytes: u64) -> Result<File> {
        let mut options = OpenOptions::new();
        let options = if keep_bytes > 0 {
            options.append(true)
        } else {
            options.write(true).create(true).truncate(true)
        };
        options.open(&self.part).map_err(Error::io("open", &self.part))
    }

    fn part_bytes(&self) -> Result<u64> {
        match fs::metadata(&self.part) {
            Ok(metadata) => Ok(metadata.len()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(0),
            Err(error) => Err(Error::io("read", &self.part)(error)),
        }
    }

    fn remove_part(&self) -> Result<()> {
        match fs::remove_file(&self.part) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(Error::io("remove", &self.part)(error))
            }
            _ => Ok(()),
        }
    }

    fn failed(&self, error: ureq::Error) -> Result<Error> {
        let (url, help) = (self.remote.url.to_owned(), self.help.to_owned());
        Ok(Error::Download { url, received_bytes: self.part_bytes()?, help, source: Box::new(error) })
    }

    fn wrong_size(&self, expected_bytes: u64, found_bytes: u64) -> Error {
        let (url, help) = (self.remote.url.to_owned(), self.help.to_owned());
        Error::DownloadSize { url, expected_bytes, found_bytes, help }
    }
}

fn agent() -> Agent {
    let config = Agent::config_builder()
        .http_status_as_error(false)
        .timeout_connect(Some(SILENCE))
        .timeout_recv_response(Some(SILENCE))
        .timeout_per_read(Some(SILENCE));
    config.build().new_agent()
}

fn part_of(path: &Path) -> PathBuf {
    let mut part = path.as_os_str().to_owned();
    part.push(".part");
    part.into()
}

/// Start and total of a `Content-Range` header: `bytes 5-9/10` is (5, 10), `bytes */10` is (none, 10).
fn content_range(response: &Response<Body>) -> Option<(Option<u64>, Option<u64>)> {
    let value = response.headers().get("content-range")?.to_str().ok()?;
    let (range, total) = value.strip_prefix("bytes ")?.split_once('/')?;
    let start = range.split_once('-').and_then(|(start, _)| start.parse().ok());
    Some((start, total.parse().ok()))
}
