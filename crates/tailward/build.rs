//! Tells the binary which revision of the source it is built from: a record's header has to name what computed it, which the
//! source's folder no longer says once something has been pulled into it.

use std::path::Path;
use std::process::Command;

/// What is compiled, seen from this package. Definitions and documents are not: they may change without a binary that does.
const COMPILED: [&str; 4] = ["../../crates", "../../Cargo.toml", "../../Cargo.lock", "../../.cargo"];

/// The files of a repository that change when another revision is checked out, and when one is committed.
const MOVING: [&str; 2] = ["HEAD", "logs/HEAD"];

fn main() {
    let moving = MOVING.iter().filter_map(|file| git(&["rev-parse", "--git-path", file]));
    let watched = COMPILED.iter().map(|path| (*path).to_owned()).chain(moving);
    // Cargo runs this anew at every build for a path that is not there.
    for path in watched.filter(|path| Path::new(path).exists()) {
        println!("cargo::rerun-if-changed={path}");
    }
    println!("cargo::rustc-env=TAILWARD_REVISION={}", revision().unwrap_or_else(|| "unknown".to_owned()));
}

/// The revision's first twelve digits, with `-dirty` if tracked files that are compiled differ from it; none where these sources
/// are not what a repository keeps, as in an archive that was unpacked inside another project.
fn revision() -> Option<String> {
    git(&["ls-files", "--error-unmatch", "build.rs"])?;
    let revision = git(&["rev-parse", "--short=12", "HEAD"])?;
    let mut changed = vec!["status", "--porcelain", "--untracked-files=no", "--"];
    changed.extend(COMPILED);
    let dirty = if git(&changed)?.is_empty() { "" } else { "-dirty" };
    Some(format!("{revision}{dirty}"))
}

/// What git prints, if it is there and succeeds. A lock that it could do without would be in the way of somebody's `git commit`.
fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").arg("--no-optional-locks").args(arguments).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
