//! A folder of pictures for projects, and what the command line does with them.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Output;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::fixture::tailward;

pub(crate) const CLASSES: [&str; 3] = ["across", "down", "dots"];

/// A folder of 150 pictures of 24 × 24 pixels, and a place for projects.
pub(crate) struct Desk {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) truth: BTreeMap<String, &'static str>,
}

impl Desk {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("photos")).unwrap();
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let mut truth = BTreeMap::new();
        for number in 0..150 {
            // A tenth are dots.
            let class = if number % 10 == 0 { 2 } else { number % 2 };
            let name = format!("picture {number:03}.ppm");
            std::fs::write(folder.path().join("photos").join(&name), picture(class, &mut rng)).unwrap();
            truth.insert(name, CLASSES[class]);
        }
        Self { folder, truth }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn init(&self, project: &str, more: &[&str]) -> Output {
        let mut command = tailward();
        command.arg("init").arg(self.path(project)).arg("--images").arg(self.path("photos"));
        command.args(["--classes", "across,down,dots", "--budget", "60", "--batch", "12"]).args(more);
        let output = command.output().unwrap();
        self.few_centres(project);
        output
    }

    /// The tests need speed more than accuracy.
    pub(crate) fn few_centres(&self, project: &str) {
        self.change(project, "centres = 400", "centres = 24");
    }

    pub(crate) fn change(&self, project: &str, from: &str, to: &str) {
        let path = self.path(project).join("tailward.toml");
        let Ok(text) = std::fs::read_to_string(&path) else { return };
        std::fs::write(path, text.replace(from, to)).unwrap();
    }

    pub(crate) fn ask(&self, project: &str) -> Output {
        tailward().arg("ask").arg(self.path(project)).output().unwrap()
    }

    pub(crate) fn tell(&self, project: &str, answers: &str, more: &[&str]) -> Output {
        std::fs::write(self.path("answers.csv"), answers).unwrap();
        let mut command = tailward();
        command.arg("tell").arg(self.path(project)).arg(self.path("answers.csv")).args(more).output().unwrap()
    }

    /// The paths of an ask, answered by somebody who errs once in ten times.
    pub(crate) fn answered(&self, asked: &Output, rng: &mut ChaCha8Rng) -> String {
        let mut answers = "path,label\n".to_owned();
        for path in paths(asked) {
            let label =
                if rng.random_bool(0.1) { CLASSES[rng.random_range(0..3)] } else { self.truth[&path] };
            answers.push_str(&format!("{path},{label}\n"));
        }
        answers
    }

    pub(crate) fn status(&self, project: &str) -> serde_json::Value {
        let output = tailward().arg("status").arg(self.path(project)).arg("--json").output().unwrap();
        assert!(output.status.success(), "{}", words(&output));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// The ledger without its times.
    pub(crate) fn ledger(&self, project: &str) -> Vec<String> {
        let text = std::fs::read_to_string(self.path(project).join("ledger.csv")).unwrap();
        text.lines().map(|line| line.rsplit_once(',').unwrap().0.to_owned()).collect()
    }
}

/// A portable pixmap, which needs no encoder: stripes across or down, or dots, in noise.
pub(crate) fn picture(class: usize, rng: &mut ChaCha8Rng) -> Vec<u8> {
    let mut bytes = b"P6\n24 24\n255\n".to_vec();
    let (base, phase) = (rng.random_range(30..150_u8), rng.random_range(0..4));
    for place in 0..24 * 24 {
        let (row, column) = (place / 24 + phase, place % 24 + phase);
        let is_bright = match class {
            0 => row % 4 < 2,
            1 => column % 4 < 2,
            _ => row % 4 < 2 && column % 4 < 2,
        };
        let value = base + if is_bright { 60 } else { 0 };
        bytes.extend([(); 3].map(|()| value + rng.random_range(0..25)));
    }
    bytes
}

pub(crate) fn words(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

pub(crate) fn paths(asked: &Output) -> Vec<String> {
    assert!(asked.status.success(), "{}", words(asked));
    let text = String::from_utf8(asked.stdout.clone()).unwrap();
    assert_eq!(text.lines().next(), Some("index,path,label"));
    text.lines().skip(1).map(|line| line.split(',').nth(1).unwrap().to_owned()).collect()
}
