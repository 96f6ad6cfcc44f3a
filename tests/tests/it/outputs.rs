//! Where the binary writes: files, links, pipes and devices, as people name them.

use std::path::Path;
use std::process::{Command, Stdio};

use ndarray::Array2;
use ndarray_npy::write_npy;

use crate::fixture::tailward;

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let array = Array2::from_shape_fn((50, 4), |(row, class)| {
        if row % 4 == class { 0.7 - row as f32 / 100.0 } else { 0.1 + row as f32 / 300.0 }
    });
    write_npy(folder.path().join("p.npy"), &array).unwrap();
    folder
}

fn query(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = tailward();
    command.current_dir(folder);
    command.args(["query", "--strategy", "entropy", "--probabilities", "p.npy"]).args(arguments);
    command
}

#[test]
fn no_rows_still_have_a_header() {
    let folder = folder();
    let output = query(folder.path(), &["--budget", "0", "--out", "picks.csv"]).output().unwrap();
    assert!(output.status.success());
    let csv = std::fs::read_to_string(folder.path().join("picks.csv")).unwrap();
    assert_eq!(csv, "rank,index,score,predicted_class,predicted_probability\n");
}

#[test]
fn what_is_read_is_not_overwritten() {
    let folder = folder();
    let before = std::fs::read(folder.path().join("p.npy")).unwrap();
    let output = query(folder.path(), &["--budget", "1", "--out", "./p.npy"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("is named twice"));
    assert_eq!(std::fs::read(folder.path().join("p.npy")).unwrap(), before);
}

#[test]
fn json_has_picks_balance_and_counts() {
    let folder = folder();
    std::fs::write(folder.path().join("labels.csv"), "index,label\n0,0\n1,1\n").unwrap();
    let arguments = ["--budget", "3", "--json", "--balance", "1", "--labels", "labels.csv"];
    let output = query(folder.path(), &arguments).output().unwrap();
    let value: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(value["picks"].as_array().unwrap().len(), 3);
    // The table's numbers, digit by digit.
    let table = query(folder.path(), &["--budget", "3", "--balance", "1", "--labels", "labels.csv"]).output();
    let table = String::from_utf8(table.unwrap().stdout).unwrap();
    for (line, pick) in table.lines().skip(1).zip(value["picks"].as_array().unwrap()) {
        let cells = ["rank", "index", "score", "predicted_class", "predicted_probability"];
        assert_eq!(line, cells.map(|cell| pick[cell].to_string()).join(","));
    }
    assert_eq!(value["counts"]["labelled"], serde_json::json!([1, 1, 0, 0]));
    assert_eq!((value["unlabelled"].as_u64(), value["labelled"].as_u64()), (Some(48), Some(2)));
    assert!(value["balance"]["l1"].is_number() && value["balance"]["seconds"].is_null());
    assert!(value["warnings"][0].as_str().unwrap().contains("2 of 4 classes have no label yet"));
}

#[cfg(unix)]
mod unix {
    use std::io::Read;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn links_are_written_through() {
        let folder = folder();
        let (link, file) = (folder.path().join("link.csv"), folder.path().join("file.csv"));
        symlink("file.csv", &link).unwrap();
        for _once_made_once_there in 0..2 {
            assert!(
                query(folder.path(), &["--budget", "2", "--out", "link.csv"]).status().unwrap().success()
            );
            assert_eq!(std::fs::read_to_string(&file).unwrap().lines().count(), 3);
            assert!(std::fs::symlink_metadata(&link).unwrap().is_symlink());
        }
    }

    #[test]
    fn pipes_and_devices_are_written_to_and_stay_what_they_are() {
        use std::os::unix::fs::FileTypeExt;

        let folder = folder();
        let expected = query(folder.path(), &["--budget", "2"]).output().unwrap().stdout;
        for out in ["-", "/dev/stdout", "/dev/fd/1"] {
            let output = query(folder.path(), &["--budget", "2", "--out", out]).output().unwrap();
            assert_eq!(output.stdout, expected, "{out}: {}", String::from_utf8_lossy(&output.stderr));
        }
        assert!(query(folder.path(), &["--budget", "2", "--out", "/dev/null"]).status().unwrap().success());
        assert!(std::fs::metadata("/dev/null").unwrap().file_type().is_char_device());
        let pipe = folder.path().join("pipe");
        assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let mut child = query(folder.path(), &["--budget", "2", "--out", "pipe"]).spawn().unwrap();
        let mut read = Vec::new();
        std::fs::File::open(&pipe).unwrap().read_to_end(&mut read).unwrap();
        assert!(child.wait().unwrap().success());
        assert_eq!(read, expected);
        assert!(std::fs::symlink_metadata(&pipe).unwrap().file_type().is_fifo());
        // A file that standard output was sent to keeps what was in it.
        let log = folder.path().join("log");
        std::fs::write(&log, "before\n").unwrap();
        let file = std::fs::OpenOptions::new().append(true).open(&log).unwrap();
        let mut command = query(folder.path(), &["--budget", "2", "--out", "/dev/stdout"]);
        assert!(command.stdout(file).status().unwrap().success());
        assert!(std::fs::read_to_string(&log).unwrap().starts_with("before\nrank,"));
    }

    #[test]
    fn a_reader_that_goes_away_is_no_error() {
        let folder = folder();
        for arguments in [&["--budget", "2"][..], &["--budget", "50", "--json"]] {
            let mut command = query(folder.path(), arguments);
            let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
            drop((child.stdout.take(), child.stderr.take()));
            assert_eq!(child.wait().unwrap().code(), Some(0), "{arguments:?}");
        }
    }
}
