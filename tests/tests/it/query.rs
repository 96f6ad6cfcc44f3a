//! `tailward query`: on arrays of anybody's, good and bad.

use std::path::Path;
use std::process::Output;

use ndarray::{Array2, array};
use ndarray_npy::write_npy;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use crate::fixture::tailward;

/// Rows of a softmax over random logits; the second half of the classes is rare.
fn probabilities(rows: usize, classes: usize) -> Array2<f32> {
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    let mut matrix = Array2::from_shape_fn((rows, classes), |(_, class)| {
        let rare = if class >= classes / 2 { 2.0 } else { 0.0 };
        (3.0 * rng.random::<f32>() - rare).exp()
    });
    for mut row in matrix.rows_mut() {
        let sum = row.sum();
        row /= sum;
    }
    matrix
}

fn query(folder: &Path, matrix: &Array2<f32>, labels: &str, arguments: &[&str]) -> Output {
    write_npy(folder.join("p.npy"), matrix).unwrap();
    std::fs::write(folder.join("labels.csv"), labels).unwrap();
    tailward()
        .arg("query")
        .arg("--probabilities")
        .arg(folder.join("p.npy"))
        .arg("--labels")
        .arg(folder.join("labels.csv"))
        .args(arguments)
        .output()
        .unwrap()
}

/// The second column of the answer.
fn picks(csv: &str) -> Vec<usize> {
    csv.lines().skip(1).map(|line| line.split(',').nth(1).unwrap().parse().unwrap()).collect()
}

#[test]
fn it_chooses_what_the_closed_forms_say() {
    let folder = tempfile::tempdir().unwrap();
    let matrix = array![[0.1, 0.8, 0.1], [0.45, 0.25, 0.3], [0.33, 0.33, 0.34], [0.7, 0.3, 0.0]];
    let output = query(folder.path(), &matrix, "index,label\n", &["--strategy", "entropy", "--budget", "2"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let csv = String::from_utf8(output.stdout).unwrap();
    assert_eq!(picks(&csv), [2, 1]);
    assert!(csv.starts_with("rank,index,score,predicted_class,predicted_probability\n1,2,1.0985"), "{csv}");
    let told = |strategy: &str, budget: &str, matrix: &Array2<f32>| {
        let output =
            query(folder.path(), matrix, "index,label\n", &["--strategy", strategy, "--budget", budget]);
        String::from_utf8(output.stdout).unwrap()
    };
    let margins = array![[0.1, 0.75, 0.15], [0.45, 0.5, 0.05], [0.1, 0.8, 0.1], [0.7, 0.15, 0.15]];
    let csv = told("margin", "2", &margins);
    let mut chosen = picks(&csv);
    chosen.sort_unstable();
    assert_eq!(chosen, [1, 3]);
    // Margin and least confidence differ here: the smallest margin is row 0's, the smallest maximum row 1's.
    let apart = array![[0.48, 0.47, 0.05], [0.4, 0.3, 0.3], [0.9, 0.05, 0.05]];
    assert_eq!(picks(&told("margin", "1", &apart)), [0]);
    assert_eq!(picks(&told("least-confidence", "1", &apart)), [1]);
    // With row 2 labelled it is no candidate any more.
    let output =
        query(folder.path(), &matrix, "index,label\n2,0\n", &["--strategy", "entropy", "--budget", "2"]);
    assert_eq!(picks(&String::from_utf8(output.stdout).unwrap()), [1, 0]);
}

#[test]
fn balancing_brings_the_choice_closer_to_uniform_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let matrix = probabilities(2_000, 10);
    let labels: String = std::iter::once("index,label\n".to_owned())
        .chain((0..100).map(|row| format!("{row},{}\n", row % 10)))
        .collect();
    let out = folder.path().join("picks.csv");
    let arguments = [
        "--strategy",
        "entropy",
        "--balance",
        "2.0",
        "--budget",
        "200",
        "--seed",
        "0",
        "--out",
        out.to_str().unwrap(),
    ];
    let output = query(folder.path(), &matrix, &labels, &arguments);
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{told}");
    assert!(output.stdout.is_empty(), "with --out, stdout stays empty");
    let first = std::fs::read_to_string(&out).unwrap();
    let chosen = picks(&first);
    assert_eq!(chosen.len(), 200);
    assert!(chosen.iter().all(|&row| row >= 100), "no labelled row is chosen");
    assert!(told.contains("objective") && told.contains("lower bound") && told.contains("gap"), "{told}");
    let line = told.lines().find(|line| line.starts_with("distance to balance")).unwrap();
    let numbers: Vec<f64> = line.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    let [_before, alone, balanced] = numbers[..] else { panic!("{line}") };
    assert!(balanced < alone, "{line}");
    // The same command gives the same answer.
    query(folder.path(), &matrix, &labels, &arguments);
    assert_eq!(std::fs::read_to_string(&out).unwrap(), first);
}

#[test]
fn float64_and_column_major_arrays_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let matrix = probabilities(50, 4);
    let single = query(folder.path(), &matrix, "index,label\n", &["--strategy", "margin", "--budget", "5"]);
    write_npy(folder.path().join("p.npy"), &matrix.mapv(f64::from).reversed_axes().as_standard_layout().t())
        .unwrap();
    let double = tailward()
        .args(["query", "--strategy", "margin", "--budget", "5", "--probabilities"])
        .arg(folder.path().join("p.npy"))
        .output()
        .unwrap();
    assert!(double.status.success(), "{}", String::from_utf8_lossy(&double.stderr));
    assert_eq!(single.stdout, double.stdout);
}

/// Probabilities, labels, arguments, the exit code and words of the message.
type Case<'a> = (Array2<f32>, &'a str, &'a [&'a str], i32, &'a [&'a str]);

#[test]
fn bad_input_is_named_with_its_row_and_column() {
    let folder = tempfile::tempdir().unwrap();
    let good = probabilities(20, 4);
    let with = |row: usize, column: usize, value: f32| {
        let mut matrix = good.clone();
        matrix[[row, column]] = value;
        matrix
    };
    let entropy = ["--strategy", "entropy", "--budget", "5"];
    let labels = "index,label\n0,1\n";
    let cases: [Case<'_>; 13] = [
        (with(7, 2, f32::NAN), labels, &entropy, 4, &["p.npy", "row 7", "column 2"]),
        (with(7, 2, f32::INFINITY), labels, &entropy, 4, &["p.npy", "row 7", "column 2"]),
        (with(3, 1, -0.5), labels, &entropy, 3, &["p.npy", "row 3", "column 1"]),
        (with(3, 1, 0.9), labels, &entropy, 3, &["p.npy", "row 3", "sum"]),
        (good.clone(), "index,label\n0,4\n", &entropy, 3, &["labels.csv", "line 2", "label 4", "4 classes"]),
        (good.clone(), "index,label\n0,x\n", &entropy, 3, &["labels.csv", "line 2"]),
        (good.clone(), "index,label\n20,0\n", &entropy, 3, &["labels.csv", "line 2", "index 20"]),
        (good.clone(), "index,label\n5,0\n5,1\n", &entropy, 3, &["labels.csv", "line 3", "twice"]),
        (good.clone(), "a,b\n5,0\n", &entropy, 3, &["labels.csv", "line 1", "index,label"]),
        (good.clone(), labels, &["--strategy", "entropy", "--budget", "20"], 3, &["20", "19"]),
        (good.clone(), labels, &["--strategy", "entropy", "--budget", "5", "--balance=-1"], 2, &["lambda"]),
        (good.clone(), labels, &["--strategy", "random", "--budget", "5", "--balance=1"], 2, &["random"]),
        (good.clone(), labels, &["--strategy", "entropies", "--budget", "5"], 2, &["entropies", "entropy"]),
    ];
    for (matrix, labels, arguments, code, words) in cases {
        let output = query(folder.path(), &matrix, labels, arguments);
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{told}");
        assert!(output.stdout.is_empty(), "nothing is chosen: {told}");
        for word in words {
            assert!(told.contains(word), "`{word}` is not in: {told}");
        }
    }
}

#[test]
fn missing_files_are_missing_input() {
    let folder = tempfile::tempdir().unwrap();
    let output = tailward()
        .args(["query", "--strategy", "entropy", "--budget", "1", "--probabilities"])
        .arg(folder.path().join("nothing.npy"))
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&output.stderr).contains("nothing.npy"));
}

#[test]
fn a_file_that_is_no_array_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("p.npy");
    for bytes in [&b"not an array"[..], &[]] {
        std::fs::write(&path, bytes).unwrap();
        let output = tailward()
            .args(["query", "--strategy", "entropy", "--budget", "1", "--probabilities"])
            .arg(&path)
            .output();
        let output = output.unwrap();
        assert_eq!(output.status.code(), Some(3));
        assert!(String::from_utf8_lossy(&output.stderr).contains("p.npy"));
    }
    write_npy(&path, &ndarray::arr1(&[0.5_f32, 0.5])).unwrap();
    let output = tailward()
        .args(["query", "--strategy", "entropy", "--budget", "1", "--probabilities"])
        .arg(&path)
        .output();
    assert_eq!(output.unwrap().status.code(), Some(3), "a vector is no matrix");
}

/// Writes the arrays and asks; the arguments name the files by their names in the folder.
fn ask(folder: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = tailward_in(folder).arg("query").args(arguments).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

fn tailward_in(folder: &Path) -> std::process::Command {
    let mut command = tailward();
    command.current_dir(folder);
    command
}

/// Six samples on a line, the first of them labelled.
fn line_of_samples(folder: &Path) {
    let embeddings = array![[0.0_f32, 0.0], [1.0, 0.0], [2.0, 0.0], [10.0, 0.0], [11.0, 0.0], [20.0, 0.0]];
    let probabilities = array![[0.9_f32, 0.1], [0.9, 0.1], [0.2, 0.8], [0.9, 0.1], [0.1, 0.9], [0.9, 0.1]];
    let passes = ndarray::stack![
        ndarray::Axis(0),
        probabilities,
        array![[0.9_f32, 0.1], [0.9, 0.1], [0.2, 0.8], [0.1, 0.9], [0.1, 0.9], [0.7, 0.3]]
    ];
    write_npy(folder.join("e.npy"), &embeddings).unwrap();
    write_npy(folder.join("p.npy"), &probabilities).unwrap();
    write_npy(folder.join("passes.npy"), &passes).unwrap();
    write_npy(folder.join("d.npy"), &array![0.5_f32, 0.4, 0.9, 0.1, 0.3, 0.2]).unwrap();
    std::fs::write(folder.join("labels.csv"), "index,label\n0,0\n").unwrap();
}

#[test]
fn every_kind_of_array_has_its_strategies() {
    let folder = tempfile::tempdir().unwrap();
    line_of_samples(folder.path());
    let cases: [(&[&str], &[usize]); 7] = [
        // Farthest from sample 0, then from 0 and 5, then from 0, 5 and 3 (1 from 4 against 2 from 2).
        (&["--strategy", "k-center-greedy", "--embeddings", "e.npy", "--budget", "3"], &[5, 3, 2]),
        (&["--strategy", "bald", "--dropout-probabilities", "passes.npy", "--budget", "2"], &[3, 5]),
        (
            &[
                "--strategy",
                "batch-bald",
                "--dropout-probabilities",
                "passes.npy",
                "--budget",
                "1",
                "--set",
                "configurations=16",
            ],
            &[3],
        ),
        (&["--strategy", "vaal", "--estimates", "d.npy", "--budget", "3"], &[3, 5, 4]),
        // Three more labels make four, two a class, and one of class 0 is there: one of those predicted as class 0, the
        // lowest of equals, and both of the others.
        (&["--strategy", "entropy-pseudo-label", "--probabilities", "p.npy", "--budget", "3"], &[2, 1, 4]),
        (
            &[
                "--strategy",
                "coreset",
                "--embeddings",
                "e.npy",
                "--budget",
                "2",
                "--set",
                "outlier_fraction=0.0",
                "--set",
                "tolerance=0.001",
            ],
            &[],
        ),
        (
            &[
                "--strategy",
                "k-center-greedy",
                "--embeddings",
                "e.npy",
                "--probabilities",
                "p.npy",
                "--budget",
                "2",
                "--balance",
                "auto",
                "--set",
                "balance.scale=per-class",
            ],
            &[],
        ),
    ];
    for (arguments, expected) in cases {
        let arguments = [arguments, &["--labels", "labels.csv"]].concat();
        let (code, stdout, stderr) = ask(folder.path(), &arguments);
        assert_eq!(code, Some(0), "{arguments:?}: {stderr}");
        let chosen = picks(&stdout);
        assert!(!chosen.contains(&0), "{arguments:?} picks a labelled sample");
        if !expected.is_empty() {
            assert_eq!(chosen, expected, "{arguments:?}");
        }
        if arguments.contains(&"coreset") {
            assert!(stderr.contains("cover: every sample but 0 within"), "{stderr}");
        }
        if arguments.contains(&"auto") {
            assert!(stderr.contains("found by the rule"), "{stderr}");
        }
    }
}

#[test]
fn arrays_and_options_that_do_not_go_together_are_named() {
    let folder = tempfile::tempdir().unwrap();
    line_of_samples(folder.path());
    write_npy(folder.path().join("short.npy"), &array![[0.5_f32, 0.5]]).unwrap();
    write_npy(folder.path().join("nan.npy"), &array![[0.0_f32, 1.0], [f32::NAN, 0.0]]).unwrap();
    write_npy(folder.path().join("high.npy"), &array![0.5_f32, 1.5]).unwrap();
    write_npy(folder.path().join("one.npy"), &array![[[0.5_f32, 0.5], [0.5, 0.5]]]).unwrap();
    let cases: [(&[&str], i32, &[&str]); 14] = [
        (&["--strategy", "k-center-greedy", "--probabilities", "p.npy"], 2, &["--embeddings"]),
        (&["--strategy", "entropy", "--embeddings", "e.npy"], 2, &["--probabilities"]),
        (&["--strategy", "bald", "--probabilities", "p.npy"], 2, &["--dropout-probabilities"]),
        (&["--strategy", "vaal", "--probabilities", "p.npy"], 2, &["--estimates"]),
        (&["--strategy", "random"], 2, &["--probabilities"]),
        (&["--strategy", "bald", "--dropout-probabilities", "one.npy"], 2, &["passes", "at least 2"]),
        (&["--strategy", "vaal", "--estimates", "high.npy"], 3, &["high.npy", "row 1", "1.5"]),
        (&["--strategy", "k-center-greedy", "--embeddings", "nan.npy"], 4, &["nan.npy", "row 1", "column 0"]),
        (
            &["--strategy", "k-center-greedy", "--embeddings", "e.npy", "--probabilities", "short.npy"],
            3,
            &["e.npy", "6 samples", "short.npy has 1"],
        ),
        (&["--strategy", "coreset", "--embeddings", "e.npy"], 2, &["outlier_fraction", "tolerance"]),
        (
            &["--strategy", "entropy", "--probabilities", "p.npy", "--set", "decimals=2"],
            2,
            &["--set decimals", "entropy"],
        ),
        (
            &["--strategy", "entropy-pseudo-label", "--probabilities", "p.npy", "--balance", "1"],
            2,
            &["--balance", "entropy-pseudo-label"],
        ),
        (&["--strategy", "entropy", "--probabilities", "p.npy", "--balance", "much"], 2, &["number", "auto"]),
        (
            &[
                "--strategy",
                "k-center-greedy",
                "--embeddings",
                "e.npy",
                "--probabilities",
                "p.npy",
                "--balance=-2",
            ],
            2,
            &["lambda"],
        ),
    ];
    for (arguments, code, words) in cases {
        let (found, stdout, stderr) = ask(folder.path(), &[arguments, &["--budget", "1"]].concat());
        assert_eq!(found, Some(code), "{arguments:?}: {stderr}");
        assert!(stdout.is_empty(), "{arguments:?}");
        for word in words {
            assert!(stderr.contains(word), "{arguments:?}: `{word}` is not in: {stderr}");
        }
    }
}
