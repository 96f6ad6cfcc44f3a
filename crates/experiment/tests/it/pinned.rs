//! The records that are committed: every one of them is read, and its hash is that of its definition. A change that no longer
//! reads them, or that gives their definitions other hashes, would orphan runs that took hours.

use std::path::{Path, PathBuf};

use tailward_experiment::record::{FORMAT, Line, RECORD_FILE, Record};

/// As many as there were when this test was written: it cannot pass on a folder that holds none.
const AT_LEAST: usize = 687;

fn below(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            below(&path, found);
        } else if path.file_name().is_some_and(|name| name == RECORD_FILE) {
            found.push(path);
        }
    }
}

#[test]
fn committed_records_are_read_and_keep_their_hashes() {
    let experiments = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../experiments");
    let mut paths = Vec::new();
    below(&experiments, &mut paths);
    assert!(paths.len() >= AT_LEAST, "only {} records in {}", paths.len(), experiments.display());
    for path in paths {
        let record = Record::load(&path).unwrap().unwrap();
        let name = path.display();
        assert!(record.header.format <= FORMAT, "{name}");
        assert!(record.is_complete(), "{name} did not come to its end");
        assert_eq!(record.header.definition.hash(), record.header.definition_hash, "{name}");
        // Written again, the header is what it was: no key of it is lost, added or moved.
        let text = std::fs::read_to_string(&path).unwrap();
        let again = serde_json::to_string(&Line::Header(Box::new(record.header))).unwrap();
        assert!(
            text.starts_with(&format!("{again}\n")),
            "{name} has another header when it is written again"
        );
    }
}
