//! Tables and arrays as people have them.

use std::io::Write;
use std::path::Path;

use ndarray::{Array2, Array3, array};
use ndarray_npy::{WriteNpyExt, write_npy};

use crate::fixture::tailward;

const SAMPLES: usize = 40;
const CLASSES: usize = 4;

/// Rows that differ, the later the less sure.
fn probabilities() -> Array2<f32> {
    Array2::from_shape_fn((SAMPLES, CLASSES), |(row, class)| {
        let best = 0.9 - row as f32 / 64.0;
        if row % CLASSES == class { best } else { (1.0 - best) / 3.0 }
    })
}

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    write_npy(folder.path().join("p.npy"), &probabilities()).unwrap();
    folder
}

fn query(folder: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let mut command = tailward();
    command.current_dir(folder).args(["query", "--budget", "3"]).args(arguments);
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

fn entropy(folder: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    query(folder, &[&["--strategy", "entropy"], arguments].concat())
}

/// A NumPy file of a type that no library here writes.
fn npy(descriptor: &str, shape: &str, data: &[u8]) -> Vec<u8> {
    let header = format!("{{'descr': '{descriptor}', 'fortran_order': False, 'shape': {shape}, }}");
    let length = (10 + header.len() + 1).next_multiple_of(64) - 10;
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((length as u16).to_le_bytes());
    bytes.extend(format!("{header:<width$}\n", width = length - 1).into_bytes());
    bytes.extend(data);
    bytes
}

#[test]
fn tables_of_labels_are_read_as_they_are_written() {
    let folder = folder();
    let labels = folder.path().join("labels.csv");
    let rows = [(0, 0), (3, 1), (7, 2)];
    let table = |header: &str, between: &str| {
        rows.iter()
            .fold(format!("{header}\n"), |text, (index, label)| format!("{text}{index}{between}{label}\n"))
    };
    std::fs::write(&labels, table("index,label", ",")).unwrap();
    let arguments = ["--probabilities", "p.npy", "--labels", "labels.csv"];
    let (_, expected, _) = entropy(folder.path(), &arguments);
    let whole_pool = (0..SAMPLES).fold("index,label\n".to_owned(), |text, index| {
        let label =
            rows.iter().find(|row| row.0 == index).map_or(String::new(), |row| format!("{}.0", row.1));
        format!("{text}{index},{label}\n")
    });
    for text in [
        table("index;label", ";"),
        table("id\tclass", "\t"),
        table("index, label", ", "),
        format!("\u{feff}{}", table("index,label", ",").replace('\n', "\r\n")),
        "label,note,sample\n0,\"two\nlines\",0\n1,x,3\n2,,7\nNA,,9\nskip,,10\n".to_owned(),
        whole_pool,
    ] {
        std::fs::write(&labels, &text).unwrap();
        let (code, stdout, stderr) = entropy(folder.path(), &arguments);
        assert_eq!(code, Some(0), "{text:?}: {stderr}");
        assert_eq!(stdout, expected, "{text:?}");
        assert!(stderr.contains("(3 labelled, 4 classes)"), "{stderr}");
    }
}

#[test]
fn class_names_need_a_list_of_them() {
    let folder = folder();
    std::fs::write(folder.path().join("labels.csv"), "index,label\n0,cat\n3,dog\n").unwrap();
    let labelled = ["--probabilities", "p.npy", "--labels", "labels.csv"];
    let (code, _, stderr) = entropy(folder.path(), &labelled);
    assert_eq!(code, Some(3));
    assert!(stderr.contains("label `cat` of sample 0") && stderr.contains("--classes FILE"), "{stderr}");
    std::fs::write(folder.path().join("classes.txt"), "cat\ndog\nfox\nowl\n").unwrap();
    let named = [&labelled[..], &["--classes", "classes.txt"]].concat();
    let (code, stdout, stderr) = entropy(folder.path(), &named);
    assert_eq!(code, Some(0), "{stderr}");
    assert!(stdout.starts_with("rank,index,score,predicted_class,predicted_probability,predicted_name\n"));
    assert!(stdout.lines().nth(1).unwrap().ends_with(",owl"), "{stdout}");
    std::fs::write(folder.path().join("classes.txt"), "cat\ndog\n").unwrap();
    let (code, _, stderr) = entropy(folder.path(), &named);
    assert_eq!(code, Some(3));
    assert!(stderr.contains("it names 2 classes, and the arrays have 4"), "{stderr}");
}

#[test]
fn faults_of_tables_have_the_line_of_an_editor() {
    let folder = folder();
    for (text, words) in [
        ("0,1\n", "line 1: the first line is no header"),
        ("", "its first line must be a header such as `index,label`"),
        (
            "index,note,label\n0,\"a\nb\",1\n\n3,,9\n",
            "line 5: label 9 of sample 3 is not one of the 4 classes",
        ),
        ("index|label\n0|1\n", "the header has `index|label`, separated by commas"),
    ] {
        std::fs::write(folder.path().join("labels.csv"), text).unwrap();
        let (code, _, stderr) =
            entropy(folder.path(), &["--probabilities", "p.npy", "--labels", "labels.csv"]);
        assert_eq!(code, Some(3), "{text:?}");
        assert!(stderr.contains(words), "{text:?}: {stderr}");
    }
}

#[test]
fn samples_have_ids_and_some_are_left_out() {
    let folder = folder();
    let ids: String = (0..SAMPLES).map(|sample| format!("img/{sample}.jpg\n")).collect();
    std::fs::write(folder.path().join("ids.txt"), ids).unwrap();
    std::fs::write(folder.path().join("labels.csv"), "path,label\nimg/39.jpg,0\n").unwrap();
    std::fs::write(folder.path().join("exclude.txt"), "img/38.jpg\n").unwrap();
    std::fs::write(folder.path().join("candidates.csv"), "index\n39\n38\n37\n36\n2\n1\n").unwrap();
    let named = ["--probabilities", "p.npy", "--ids", "ids.txt", "--labels", "labels.csv"];
    let (code, stdout, stderr) =
        entropy(folder.path(), &[&named[..], &["--exclude", "exclude.txt"]].concat());
    assert_eq!(code, Some(0), "{stderr}");
    assert!(
        stdout.starts_with("rank,index,score,predicted_class,predicted_probability,id\n1,37,"),
        "{stdout}"
    );
    assert!(stdout.lines().nth(1).unwrap().ends_with(",img/37.jpg"), "{stdout}");
    let some = ["--candidates", "candidates.csv", "--exclude", "exclude.txt"];
    let (_, stdout, stderr) = entropy(folder.path(), &[&named[..], &some].concat());
    let picks: Vec<&str> = stdout.lines().skip(1).map(|line| line.split(',').nth(1).unwrap()).collect();
    assert_eq!(picks, ["37", "36", "2"]);
    assert!(stderr.contains("chose 3 of 4 unlabelled samples (1 labelled"), "{stderr}");
    // Ids alone say how many samples there are.
    let (code, _, stderr) = query(folder.path(), &["--strategy", "random", "--ids", "ids.txt"]);
    assert_eq!(code, Some(0), "{stderr}");
    // Carried into an ask, and understood in an answer.
    let direct = ["--strategy", "direct", "--parallel", "2", "--state", "q.json"];
    let (code, stdout, stderr) = query(folder.path(), &[&direct[..], &named].concat());
    assert_eq!(code, Some(0), "{stderr}");
    let id = stdout.lines().nth(1).unwrap().rsplit(',').next().unwrap();
    std::fs::write(folder.path().join("a.csv"), format!("file_name,label\n{id},2\n")).unwrap();
    let output = tailward()
        .current_dir(folder.path())
        .args(["answer", "--state", "q.json", "--export", "-", "a.csv"])
        .output()
        .unwrap();
    let labels = String::from_utf8(output.stdout).unwrap();
    assert!(labels.starts_with("index,label,id\n") && labels.contains(&format!(",2,{id}\n")), "{labels}");
}

#[test]
fn arrays_of_every_type_and_file_are_read() {
    let folder = folder();
    let path = |name: &str| folder.path().join(name);
    let (_, expected, _) = entropy(folder.path(), &["--probabilities", "p.npy"]);
    let picks = |csv: &str| -> Vec<String> {
        csv.lines().skip(1).map(|line| line.split(',').nth(1).unwrap().to_owned()).collect()
    };
    let p = probabilities();
    let shape = format!("({SAMPLES}, {CLASSES})");
    let big: Vec<u8> = p.iter().flat_map(|value| value.to_be_bytes()).collect();
    std::fs::write(path("big.npy"), npy(">f4", &shape, &big)).unwrap();
    let mut array = Vec::new();
    p.write_npy(&mut array).unwrap();
    let mut tables = [String::new(), "a;b;c;d\n".to_owned()];
    for row in p.rows() {
        let cells: Vec<String> = row.iter().map(ToString::to_string).collect();
        tables[0] += &format!("{}\n", cells.join(","));
        tables[1] += &format!("{}\n", cells.join(";").replace('.', ","));
    }
    std::fs::write(path("p.csv"), &tables[0]).unwrap();
    std::fs::write(path("p.tsv"), &tables[1]).unwrap();
    for (file, kind) in [("big.npy", "float32"), ("p.csv", "commas"), ("p.tsv", "semicolons")] {
        let (code, stdout, stderr) = entropy(folder.path(), &["--probabilities", file]);
        assert_eq!(code, Some(0), "{file}: {stderr}");
        assert_eq!(stdout, expected, "{file}");
        assert!(stderr.contains(&format!("{file}: 40 samples, 4 classes ({kind})")), "{stderr}");
    }
    // Half precision: 1.0 is 0x3c00, 0.5 is 0x3800, 0.25 is 0x3400.
    let half = |row: usize| -> [u16; 4] {
        match row {
            3 => [0x3400; 4],
            5 => [0x3800, 0x3800, 0, 0],
            _ => [0x3c00, 0, 0, 0],
        }
    };
    let halves: Vec<u8> = (0..SAMPLES).flat_map(half).flat_map(u16::to_le_bytes).collect();
    std::fs::write(path("half.npy"), npy("<f2", &shape, &halves)).unwrap();
    let (code, stdout, stderr) = entropy(folder.path(), &["--probabilities", "half.npy"]);
    assert_eq!(code, Some(0), "{stderr}");
    assert!(stderr.contains("(float16)"), "{stderr}");
    assert_eq!(picks(&stdout)[..2], ["3", "5"]);
    for (descriptor, size) in [("|b1", 1), ("<i8", 8), (">u2", 2)] {
        let mut bytes = Vec::new();
        for cell in 0..SAMPLES * CLASSES {
            let mut number = vec![0_u8; size];
            let low = if descriptor.starts_with('>') { size - 1 } else { 0 };
            number[low] = u8::from(cell % CLASSES == 0);
            bytes.extend(number);
        }
        std::fs::write(path("hot.npy"), npy(descriptor, &shape, &bytes)).unwrap();
        let (code, _, stderr) = entropy(folder.path(), &["--probabilities", "hot.npy"]);
        assert_eq!(code, Some(0), "{descriptor}: {stderr}");
    }
    let bf16 = npy("|V2", &shape, &vec![0; 2 * SAMPLES * CLASSES]);
    std::fs::write(path("bf16.npy"), bf16).unwrap();
    let (code, _, stderr) = entropy(folder.path(), &["--probabilities", "bf16.npy"]);
    assert_eq!(code, Some(3));
    assert!(stderr.contains("bfloat16") && stderr.contains("astype(np.float32)"), "{stderr}");
}

#[test]
fn rows_that_rounding_moved_are_put_right_and_others_named_with_a_cure() {
    let folder = folder();
    let write = |array: &Array2<f32>| write_npy(folder.path().join("q.npy"), array).unwrap();
    let run = |more: &[&str]| entropy(folder.path(), &[&["--probabilities", "q.npy"], more].concat());
    write(&probabilities().mapv(|value| value * 1.002));
    let (code, stdout, stderr) = run(&[]);
    assert_eq!(code, Some(0), "{stderr}");
    assert!(stderr.contains("40 rows divided by their sums"), "{stderr}");
    let (_, exact, _) = entropy(folder.path(), &["--probabilities", "p.npy"]);
    let indices = |csv: &str| -> Vec<String> {
        csv.lines().skip(1).map(|line| line.split(',').nth(1).unwrap().to_owned()).collect()
    };
    assert_eq!(indices(&stdout), indices(&exact));
    for (array, words) in [
        (probabilities().mapv(|value| value * 1.05), "not to 1 within 0.01; give --normalise"),
        (probabilities().mapv(|value| value * 100.0), "these look like percent: divide them by 100"),
        (probabilities().mapv(f32::ln), "these look like logits: give them with --logits"),
        (array![[0.2_f32], [0.9], [0.5]], "np.stack([1 - p, p], axis=-1)"),
    ] {
        write(&array);
        let (code, _, stderr) = run(&[]);
        assert_eq!(code, Some(3), "{stderr}");
        assert!(stderr.contains(words), "{stderr}");
    }
    write(&probabilities().mapv(|value| value * 100.0));
    assert_eq!(run(&["--normalise"]).0, Some(0));
    write_npy(folder.path().join("q.npy"), &array![0.2_f32, 0.9]).unwrap();
    assert!(run(&[]).2.contains("np.stack([1 - p, p], axis=-1)"));
    write_npy(folder.path().join("q.npy"), &array![[1e300_f64, 0.0], [0.5, 0.5]]).unwrap();
    let (code, _, stderr) = run(&[]);
    assert_eq!(code, Some(3));
    assert!(stderr.contains("row 0, column 0 is 1e300, which is beyond float32"), "{stderr}");
}

#[test]
fn archives_are_read_by_name() {
    let folder = folder();
    let mut array = Vec::new();
    probabilities().write_npy(&mut array).unwrap();
    // An archive without compression, as np.savez writes it.
    let mut archive = zip_of(&[("one.npy", &array), ("two.npy", &array)]);
    std::fs::write(folder.path().join("a.npz"), &archive).unwrap();
    let (code, _, stderr) = entropy(folder.path(), &["--probabilities", "a.npz"]);
    assert_eq!(code, Some(3));
    assert!(stderr.contains("it has 2 arrays (one, two); name one of them, as in file.npz:one"), "{stderr}");
    let (_, expected, _) = entropy(folder.path(), &["--probabilities", "p.npy"]);
    assert_eq!(entropy(folder.path(), &["--probabilities", "a.npz:two"]).1, expected);
    archive = zip_of(&[("arr_0.npy", &array)]);
    std::fs::write(folder.path().join("a.npz"), &archive).unwrap();
    assert_eq!(entropy(folder.path(), &["--probabilities", "a.npz"]).1, expected);
}

fn zip_of(files: &[(&str, &Vec<u8>)]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for (name, bytes) in files {
        writer.start_file(*name, options).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

#[test]
fn axes_that_are_in_another_order_are_seen() {
    let folder = folder();
    // [samples, passes, classes] in place of [passes, samples, classes].
    let wrong = Array3::from_shape_fn((SAMPLES, 6, CLASSES), |(row, pass, class)| {
        if (row + pass) % CLASSES == class { 0.7 } else { 0.1_f32 }
    });
    write_npy(folder.path().join("nkc.npy"), &wrong).unwrap();
    let bald = ["--strategy", "bald", "--dropout-probabilities", "nkc.npy"];
    let (_, _, stderr) = query(folder.path(), &bald);
    assert!(
        stderr.contains("40 passes of 6 samples, 4 classes") && stderr.contains("np.swapaxes"),
        "{stderr}"
    );
    let (code, _, stderr) = query(folder.path(), &[&bald[..], &["--probabilities", "p.npy"]].concat());
    assert_eq!(code, Some(3));
    assert!(stderr.contains("it seems to be [samples, passes, classes]"), "{stderr}");
}

#[test]
fn exit_codes_are_those_of_the_help() {
    let folder = folder();
    let mut nan = probabilities();
    nan[[23, 2]] = f32::NAN;
    write_npy(folder.path().join("nan.npy"), &nan).unwrap();
    for (arguments, code, words) in [
        (&["--strategy", "entropy", "--probabilities", "nan.npy"][..], 4, "row 23, column 2 is NaN"),
        (&["--strategy", "entropy"], 2, "needs --probabilities"),
        (&["--strategy", "direct", "--parallel", "1", "--probabilities", "p.npy"], 2, "needs --state"),
        (&["--strategy", "entropy", "--balance", "nan", "--probabilities", "p.npy"], 2, "finite"),
        (
            &["--strategy", "bait", "--probabilities", "p.npy"],
            2,
            "no default for regularisation and memory_limit_mib",
        ),
        (
            &["--strategy", "entropy", "--probabilities", "p.npy", "--tolerance", "1"],
            2,
            "write --set tolerance",
        ),
        (&["--strategy", "entropy", "--probabilities", "no.npy"], 3, "no.npy: it cannot be read"),
        (&["--strategy", "entropy", "--probabilities", "p.npy", "--out", "no/picks.csv"], 1, "no folder no"),
    ] {
        let (found, stdout, stderr) = query(folder.path(), arguments);
        assert_eq!(found, Some(code), "{arguments:?}: {stderr}");
        assert!(stderr.contains(words) && stdout.is_empty(), "{arguments:?}: {stderr}");
        assert!(stderr.lines().any(|line| line.starts_with("error: ")), "{stderr}");
    }
}

#[test]
fn help_says_what_each_strategy_needs() {
    let output = tailward().args(["query", "--help"]).output().unwrap();
    let help = String::from_utf8(output.stdout).unwrap();
    for line in [
        "  bait                                    --probabilities FILE --embeddings FILE --set regularisation=1.0",
        "  direct                                  --probabilities FILE --parallel 1 --state FILE.json",
        "the authors of CBAL use 0.6",
        "Examples:",
    ] {
        assert!(help.contains(line), "{line}\n{help}");
    }
}
