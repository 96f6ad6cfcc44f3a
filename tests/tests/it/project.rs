//! A person's project on a folder of images, by the command line: begun, asked, told, killed, moved.

use std::path::Path;
use std::process::Output;

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use crate::fixture::tailward;
use crate::pictures::{CLASSES, Desk, paths, picture, words};

/// The whole path with an annotator who errs: to the end of the budget, for strategies that ask once and one that asks again
/// and again. Nobody is asked twice, the audit is never learned from, and what is known of accuracy is not far off.
#[test]
fn a_project_goes_from_a_folder_to_the_end_of_its_budget() {
    let desk = Desk::new();
    for (project, strategy) in [
        ("random", "kind = \"random\""),
        ("entropy-cb", ""),
        ("direct", "kind = \"direct\"\nmode = \"paper\"\nparallel = 4"),
    ] {
        let begun = desk.init(project, &["--audit", "20%"]);
        assert!(begun.status.success(), "{}", words(&begun));
        desk.change(project, "at_least = 100", "at_least = 12");
        if !strategy.is_empty() {
            let balanced = "kind = \"entropy\"\n\n[strategy.balance]\nlambda = 1.0\nsolver = \"auto\"";
            desk.change(project, balanced, strategy);
        }
        let mut rng = ChaCha8Rng::seed_from_u64(2);
        let mut asked = Vec::new();
        loop {
            let output = desk.ask(project);
            if !output.status.success() {
                assert_eq!(output.status.code(), Some(3));
                assert!(words(&output).contains("the budget of 60 labels is spent"), "{}", words(&output));
                break;
            }
            asked.extend(paths(&output));
            let told = desk.tell(project, &desk.answered(&output, &mut rng), &[]);
            assert!(told.status.success(), "{}", words(&told));
        }
        let distinct: std::collections::BTreeSet<&String> = asked.iter().collect();
        assert_eq!((asked.len(), distinct.len()), (60, 60), "{project}");
        let status = desk.status(project);
        let labelled: u64 =
            status["classes"].as_array().unwrap().iter().map(|of| of["labels"].as_u64().unwrap()).sum();
        assert_eq!((status["audited"].as_u64(), labelled), (Some(12), 48), "{project}: {status}");
        let accuracy = status["accuracy"]["estimate"].as_f64().unwrap();
        assert!(accuracy > 0.6, "{project}: {accuracy}");
        let report = tailward().arg("report").arg(desk.path(project)).output().unwrap();
        assert!(report.status.success(), "{}", words(&report));
        let page = std::fs::read_to_string(desk.path(project).join("report.html")).unwrap();
        for part in [
            "of the pool's images are recognised",
            "Accuracy against labels",
            "data:image/png;base64,",
            "dots",
        ] {
            assert!(page.contains(part), "{part}");
        }
        assert!(!page.contains("src=\"http") && !page.contains("href="), "it loads nothing");
        let audit = std::fs::read_to_string(desk.path(project).join("audit.csv")).unwrap();
        let of_audit: Vec<&str> = audit.lines().skip(1).map(|line| line.split(',').next().unwrap()).collect();
        for line in desk.ledger(project) {
            let cells: Vec<&str> = line.split(',').collect();
            assert_eq!(
                cells[4] == "audited",
                cells[4] != "requested" && of_audit.contains(&cells[5]),
                "{line}"
            );
        }
    }
}

/// The same command again asks for the same, whatever was lost between: the caches, an ask that was not told of, half of the
/// answers, the folder's old name.
#[test]
fn a_project_that_was_cut_short_or_moved_goes_on() {
    let desk = Desk::new();
    assert!(desk.init("one", &[]).status.success());
    assert!(desk.init("two", &[]).status.success());
    let mut rngs = [3, 3].map(ChaCha8Rng::seed_from_u64);
    let mut name = "two".to_owned();
    for round in 0..3 {
        let asked = desk.ask("one");
        let answers = desk.answered(&asked, &mut rngs[0]);
        assert!(desk.tell("one", &answers, &[]).status.success());

        // The other has no caches any more, is asked twice, told in two halves and moved in between.
        std::fs::remove_dir_all(desk.path(&name).join("cache")).unwrap();
        let asked = desk.ask(&name);
        assert_eq!(paths(&desk.ask(&name)), paths(&asked));
        let answers = desk.answered(&asked, &mut rngs[1]);
        let lines: Vec<&str> = answers.lines().collect();
        let half = lines[..lines.len() / 2].join("\n");
        assert!(desk.tell(&name, &half, &[]).status.success());
        let next = format!("moved {round}");
        std::fs::rename(desk.path(&name), desk.path(&next)).unwrap();
        name = next;
        let waiting = paths(&desk.ask(&name));
        assert_eq!(waiting.len(), paths(&asked).len() - (lines.len() / 2 - 1));
        let told = desk.tell(&name, &answers, &[]);
        assert!(words(&told).contains("known already"), "{}", words(&told));
        assert_eq!(desk.ledger(&name), desk.ledger("one"), "round {round}");
    }
    // A torn line at the end, as a kill leaves one, is nothing that anybody was told of.
    let path = desk.path(&name).join("ledger.csv");
    let whole = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, format!("{whole}4,0,12,,requested,7")).unwrap();
    assert_eq!(paths(&desk.ask(&name)), paths(&desk.ask("one")));
}

/// What is wrong with answers is said with its line, and none of them is taken.
#[test]
fn wrong_answers_change_nothing() {
    let desk = Desk::new();
    assert!(desk.init("p", &[]).status.success());
    let asked = paths(&desk.ask("p"));
    let never = desk.truth.keys().find(|path| !asked.contains(path)).unwrap();
    let before = desk.ledger("p");
    for (second, expected) in [
        (format!("{never},dots"), "was never asked for"),
        (format!("{},dot", asked[1]), "is not one of the classes across, down, dots"),
        ("nowhere.ppm,dots".to_owned(), "nowhere.ppm"),
        (format!("{},down", asked[0]), "is given twice, first in line 2"),
    ] {
        let told = desk.tell("p", &format!("path,label\n{},dots\n{second}\n", asked[0]), &[]);
        assert_eq!(told.status.code(), Some(3), "{}", words(&told));
        assert!(words(&told).contains("line 3") && words(&told).contains(expected), "{}", words(&told));
        assert_eq!(desk.ledger("p"), before);
    }
    let first = format!("path,label\n{},dots\n{},skip\n{},\n", asked[0], asked[1], asked[2]);
    let told = desk.tell("p", &first, &["--annotator", "ada"]);
    assert!(words(&told).contains("1 without a label, 1 still without an answer"), "{}", words(&told));
    // Another label of the same annotator is a correction, and has to be meant.
    let other = format!("path,label\n{},down\n", asked[0]);
    let refused = desk.tell("p", &other, &["--annotator", "ada"]);
    assert!(words(&refused).contains("was answered otherwise by ada before"), "{}", words(&refused));
    assert!(desk.tell("p", &other, &["--annotator", "ada", "--correct"]).status.success());
    assert!(desk.tell("p", &first.replace("dots", "down"), &["--annotator", "ada"]).status.success());
}

/// The tasks that Label Studio imports carry names that its exports bring back.
#[test]
fn label_studio_takes_an_ask_and_gives_answers() {
    let desk = Desk::new();
    assert!(desk.init("p", &[]).status.success());
    let mut ask = tailward();
    let asked = ask.arg("ask").arg(desk.path("p")).args(["--format", "label-studio"]).output().unwrap();
    assert!(asked.status.success(), "{}", words(&asked));
    let configuration = std::fs::read_to_string(desk.path("p/label-studio.xml")).unwrap();
    assert!(configuration.contains("<Choice value=\"dots\" hotkey=\"3\"/>"), "{configuration}");
    let mut tasks: Vec<serde_json::Value> = serde_json::from_slice(&asked.stdout).unwrap();
    assert_eq!(tasks.len(), 12);
    let image = tasks[0]["data"]["image"].as_str().unwrap();
    assert!(image.starts_with("/data/local-files/?d=picture%20"), "{image}");
    for (number, task) in tasks.iter_mut().enumerate() {
        let result = serde_json::json!([{"value": {"choices": ["dots"]}}]);
        let annotation = match number {
            0 => serde_json::json!({"completed_by": 4, "was_cancelled": true, "result": []}),
            _ => serde_json::json!({"completed_by": {"email": "ada@example.org"}, "result": result}),
        };
        task["annotations"] = serde_json::json!([annotation]);
    }
    let told = desk.tell("p", &serde_json::to_string(&tasks).unwrap(), &[]);
    assert!(
        words(&told).contains("11 labels taken") && words(&told).contains("1 without a label"),
        "{}",
        words(&told)
    );
    assert!(desk.ledger("p").iter().any(|line| line.contains("ada@example.org")));
}

/// Labels that somebody has are taken over before the budget begins, whatever form they have, and what does not fit is said.
#[test]
fn known_labels_are_taken_over() {
    let desk = Desk::new();
    let init = |project: &str, labels: &str, more: &[&str]| {
        let mut command = tailward();
        command.arg("init").arg(desk.path(project)).arg("--images").arg(desk.path("photos"));
        command.arg("--labels").arg(desk.path(labels)).args(more).output().unwrap()
    };
    let rows: String = (0..30)
        .map(|number| {
            format!("picture {number:03}.ppm,{}\n", desk.truth[&format!("picture {number:03}.ppm")])
        })
        .collect();
    std::fs::write(desk.path("metadata.csv"), format!("file_name,label\n{rows}gone.ppm,dots\n")).unwrap();
    let begun = init("one", "metadata.csv", &[]);
    for expected in [
        "31 of ",
        "which is a table",
        "classes: 3 (across, dots, down)",
        "1 labels name no image that takes part, the first in line 32: `gone.ppm`",
        "30 labels taken over",
    ] {
        assert!(words(&begun).contains(expected), "{expected}: {}", words(&begun));
    }
    let tasks: Vec<serde_json::Value> = (0..2)
        .map(|number| {
            let image = format!("/data/local-files/?d=photos/picture%2000{number}.ppm");
            serde_json::json!({"id": number, "data": {"image": image},
                "annotations": [{"result": [{"value": {"choices": ["dots"]}}]}]})
        })
        .collect();
    std::fs::write(desk.path("export.json"), serde_json::to_string(&tasks).unwrap()).unwrap();
    let begun = init("two", "export.json", &["--classes", "dots,across"]);
    assert!(words(&begun).contains("2 labels taken over"), "{}", words(&begun));
    let refused = init("three", "export.json", &["--classes", "across"]);
    assert_eq!(refused.status.code(), Some(3));
    assert!(
        words(&refused).contains("is labelled dots, which is none of the classes"),
        "{}",
        words(&refused)
    );
    assert!(!desk.path("three").exists());
}

/// What was learned is said of new images, and of the old ones it says what the project itself says.
#[test]
fn new_images_are_predicted() {
    let desk = Desk::new();
    assert!(desk.init("p", &[]).status.success());
    let predict = |images: &str| {
        let mut command = tailward();
        command.arg("predict").arg(desk.path("p")).arg(desk.path(images)).output().unwrap()
    };
    let early = predict("photos");
    assert_eq!(early.status.code(), Some(3), "{}", words(&early));
    assert!(words(&early).contains("no labels of two classes yet"), "{}", words(&early));
    let mut rng = ChaCha8Rng::seed_from_u64(4);
    for _ in 0..4 {
        let asked = desk.ask("p");
        assert!(desk.tell("p", &desk.answered(&asked, &mut rng), &[]).status.success());
    }
    std::fs::create_dir_all(desk.path("new/deep")).unwrap();
    for number in 0..30 {
        let bytes = picture(number % 2, &mut rng);
        std::fs::write(desk.path("new/deep").join(format!("{number}.ppm")), bytes).unwrap();
    }
    std::fs::write(desk.path("new/cut.ppm"), b"P6\n24 24\n255\n12").unwrap();
    let output = predict("new");
    assert!(
        words(&output).contains("cut.ppm is damaged") && words(&output).contains("30 images"),
        "{}",
        words(&output)
    );
    let table = String::from_utf8(output.stdout).unwrap();
    assert_eq!(table.lines().next(), Some("path,predicted,probability,p(across),p(down),p(dots)"));
    let right = table.lines().skip(1).filter(|line| {
        let cells: Vec<&str> = line.split(',').collect();
        let number: usize = cells[0].trim_start_matches("deep/").trim_end_matches(".ppm").parse().unwrap();
        let sum: f64 = cells[3..].iter().map(|cell| cell.parse::<f64>().unwrap()).sum();
        assert!((sum - 1.0).abs() < 1e-4, "{line}");
        cells[1] == CLASSES[number % 2]
    });
    assert!(right.count() > 20, "{table}");
}

/// What is known goes out as a table and as folders of images, the audit's labels with the others.
#[test]
fn labels_are_exported() {
    let desk = Desk::new();
    assert!(desk.init("p", &[]).status.success());
    let asked = desk.ask("p");
    let paths = paths(&asked);
    let answers: String = paths[1..].iter().map(|path| format!("{path},{}\n", desk.truth[path])).collect();
    assert!(desk.tell("p", &format!("path,label\n{},skip\n{answers}", paths[0]), &[]).status.success());
    let export = |more: &[&str]| tailward().arg("export").arg(desk.path("p")).args(more).output().unwrap();
    let table = String::from_utf8(export(&[]).stdout).unwrap();
    assert_eq!(table.lines().count(), 151);
    assert!(table.contains(&format!("{},,skipped", paths[0])), "{table}");
    let labelled = table.lines().filter(|line| line.ends_with(",labelled") || line.ends_with(",audited"));
    for line in labelled.clone() {
        let cells: Vec<&str> = line.split(',').collect();
        assert_eq!(cells[2], desk.truth[cells[1]], "{line}");
    }
    assert_eq!(labelled.count(), 11);
    let out = desk.path("sorted");
    let out = out.to_str().unwrap();
    for copies in [&[][..], &["--copy"]] {
        let exported = export(&[&["--format", "folders", "--out", out], copies].concat());
        assert!(words(&exported).contains("11 images in a folder for each class"), "{}", words(&exported));
        let mut found = 0;
        for class in std::fs::read_dir(out).unwrap() {
            let class = class.unwrap();
            for file in std::fs::read_dir(class.path()).unwrap() {
                let file = file.unwrap();
                let name = file.file_name().into_string().unwrap();
                let (_, original) = name.split_once('-').unwrap();
                assert_eq!(class.file_name().to_str().unwrap(), desk.truth[original]);
                let bytes = std::fs::read(desk.path("photos").join(original)).unwrap();
                assert_eq!(std::fs::read(file.path()).unwrap(), bytes);
                found += 1;
            }
        }
        assert_eq!(found, 11);
        let again = export(&["--format", "folders", "--out", out]);
        assert_eq!(again.status.code(), Some(5), "{}", words(&again));
        std::fs::remove_dir_all(out).unwrap();
    }
}

/// Annotators who differ leave a label open until a majority or somebody decides; nobody is asked on before that.
#[test]
fn annotators_may_differ() {
    let desk = Desk::new();
    assert!(desk.init("p", &["--audit", "0%"]).status.success());
    let asked = paths(&desk.ask("p"));
    let all = |label: &str| asked.iter().map(|path| format!("{path},{label}\n")).collect::<String>();
    assert!(
        desk.tell("p", &format!("path,label\n{}", all("across")), &["--annotator", "ada"]).status.success()
    );
    let other = format!("path,label,annotator\n{},down,bo\n{},across,bo\n", asked[0], asked[1]);
    assert!(desk.tell("p", &other, &[]).status.success());
    let status = desk.status("p");
    assert_eq!(
        (status["disputed"].as_u64(), status["classes"][0]["labels"].as_u64()),
        (Some(1), Some(11)),
        "{status}"
    );
    assert!(status["agreement"].as_f64().unwrap() < 0.5, "{status}");
    assert_eq!(paths(&desk.ask("p")), asked[..1]);
    let third = format!("path,label\n{},down\n", asked[0]);
    assert!(desk.tell("p", &third, &["--annotator", "cy"]).status.success());
    let status = desk.status("p");
    assert_eq!(
        (status["classes"][0]["labels"].as_u64(), status["classes"][1]["labels"].as_u64()),
        (Some(11), Some(1)),
        "{status}"
    );
    assert_eq!(paths(&desk.ask("p")).len(), 12);
}

/// Class folders are labels, new images get numbers, and images that are gone or changed are left out by name.
#[test]
fn images_come_and_go() {
    let desk = Desk::new();
    for (number, class) in ["dots", "down"].iter().enumerate() {
        let folder = desk.path("photos").join(class);
        std::fs::create_dir(&folder).unwrap();
        let from = desk.path("photos").join(format!("picture 00{number}.ppm"));
        std::fs::rename(from, folder.join("a.ppm")).unwrap();
    }
    std::fs::write(desk.path("photos/notes.txt"), "nothing").unwrap();
    std::fs::write(desk.path("photos/cut.ppm"), b"P6\n24 24\n255\n12").unwrap();
    std::fs::copy(desk.path("photos/picture 005.ppm"), desk.path("photos/twice.ppm")).unwrap();
    let begun = desk.init("p", &["--dry-run"]);
    assert!(words(&begun).contains("nothing was written") && !desk.path("p").exists());
    let begun = desk.init("p", &[]);
    for expected in [
        "the folders that images lie in",
        "twice.ppm shows the same as picture 005.ppm",
        "cut.ppm is damaged",
        "150 images take part, 3 classes, 2 labels taken over",
    ] {
        assert!(words(&begun).contains(expected), "{expected}: {}", words(&begun));
    }
    std::fs::write(desk.path("photos/new.ppm"), picture(2, &mut ChaCha8Rng::seed_from_u64(9))).unwrap();
    let again = desk.init("p", &[]);
    assert!(words(&again).contains("1 new images; 152 files were known"), "{}", words(&again));
    assert!(words(&again).contains("0 labels taken over"), "{}", words(&again));
    std::fs::remove_file(desk.path("photos/new.ppm")).unwrap();
    std::fs::write(desk.path("photos/picture 008.ppm"), picture(2, &mut ChaCha8Rng::seed_from_u64(10)))
        .unwrap();
    std::fs::remove_dir_all(desk.path("p/cache")).unwrap();
    let asked = desk.ask("p");
    assert!(words(&asked).contains("is left out: new.ppm cannot be read"), "{}", words(&asked));
    assert!(words(&asked).contains("picture 008.ppm is another file than it was"), "{}", words(&asked));
    assert!(words(&asked).contains("a head on 2 labels"), "{}", words(&asked));
}

#[test]
fn what_is_no_project_is_said_to_be_none() {
    let desk = Desk::new();
    let failed = |output: Output, code: i32, expected: &str| {
        assert_eq!(output.status.code(), Some(code), "{}", words(&output));
        assert!(words(&output).contains(expected), "{expected}: {}", words(&output));
    };
    failed(desk.ask("nowhere"), 3, "`tailward init` begins one");
    assert!(desk.init("p", &[]).status.success());
    std::fs::rename(desk.path("photos"), desk.path("elsewhere")).unwrap();
    std::fs::create_dir(desk.path("photos")).unwrap();
    let other = |project: &str, images: &Path| {
        tailward().arg("init").arg(desk.path(project)).arg("--images").arg(images).output().unwrap()
    };
    failed(other("p", &desk.path("elsewhere")), 5, "the project is on the images in");
    failed(other("q", &desk.path("gone")), 3, "gone");
    let wrong = desk.init("q", &["--classes-file", "x"]);
    failed(wrong, 2, "cannot be used with");
    let mut formula = tailward();
    formula.arg("init").arg(desk.path("q")).arg("--images").arg(desk.path("elsewhere"));
    failed(formula.args(["--classes", "lynx,=1+1"]).output().unwrap(), 2, "for a formula; rename it");
    assert!(!desk.path("q").exists());
    desk.change("p", "budget = 60", "budget = sixty");
    failed(desk.ask("p"), 3, "tailward.toml");
}

/// A query's file that is lost costs nothing that was paid for, and a class that is lost is said with its label.
#[test]
fn what_waits_is_asked_for_again_and_labels_need_their_classes() {
    let desk = Desk::new();
    assert!(desk.init("p", &[]).status.success());
    let asked = paths(&desk.ask("p"));
    std::fs::remove_file(desk.path("p").join("query.json")).unwrap();
    let mut again = paths(&desk.ask("p"));
    again.sort();
    let mut expected = asked.clone();
    expected.sort();
    assert_eq!(again, expected);
    let answers: String = asked.iter().map(|path| format!("{path},{}\n", desk.truth[path])).collect();
    assert!(desk.tell("p", &format!("path,label\n{answers}"), &[]).status.success());
    assert!(paths(&desk.ask("p")).iter().all(|path| !asked.contains(path)), "the next round");
    std::fs::write(desk.path("p").join("classes.csv"), "id,name\n0,across\n").unwrap();
    let status = tailward().arg("status").arg(desk.path("p")).output().unwrap();
    assert_eq!(status.status.code(), Some(3), "{}", words(&status));
    assert!(
        words(&status).contains("classes.csv has 1 classes, numbered from 0; bring back"),
        "{}",
        words(&status)
    );
}
