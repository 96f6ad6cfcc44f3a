//! `tailward label` as a process.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Stdio};

use crate::fixture::tailward;

/// A server that is killed in the end.
pub(super) struct Serving {
    process: Child,
    /// The links that it showed, in their order.
    pub(super) links: Vec<String>,
    /// Its address, without a link's secret.
    pub(super) base: String,
}

impl Serving {
    /// Starts a server on a project and waits until it answers. There are `links` of them to be read.
    pub(super) fn start(project: &Path, more: &[&str], links: usize) -> Self {
        let mut command = tailward();
        command.arg("label").arg(project).args(more).stdout(Stdio::piped());
        let mut process = command.spawn().unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let link = |line: String| line.rsplit(' ').next().unwrap().to_owned();
        let links: Vec<String> = lines.by_ref().take(links).map(|line| link(line.unwrap())).collect();
        let base = links.first().map_or_else(String::new, |link| link.split("/#").next().unwrap().to_owned());
        Self { process, links, base }
    }

    /// The port of its address.
    pub(super) fn port(&self) -> u16 {
        self.base.rsplit(':').next().unwrap().parse().unwrap()
    }

    /// The secret of a link.
    pub(super) fn secret(&self, link: usize) -> &str {
        self.links[link].split('#').nth(1).unwrap()
    }

    /// As `kill -9` does.
    pub(super) fn kill(mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}
