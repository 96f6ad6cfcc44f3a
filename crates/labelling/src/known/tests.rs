//! The same labels in every form.

use super::*;

fn written(name: &str, text: &str) -> Result<Known, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, text).unwrap();
    read(&path).map_err(|error| error.to_string())
}

fn pairs(known: &Known) -> Vec<(&str, &str)> {
    known.labels.iter().map(|label| (label.file.as_str(), label.class.as_str())).collect()
}

#[test]
fn every_form_says_the_same() {
    let expected = [("a.jpg", "lynx"), ("b.jpg", "wolf")];
    for (name, text, form) in [
        ("labels.csv", "path,label\na.jpg,lynx\nb.jpg,wolf\nc.jpg,\n", "a table"),
        ("labels.csv", "\u{feff}Image;Category;split\na.jpg;lynx;1\nb.jpg;wolf;1\n", "a table"),
        (
            "_classes.csv",
            "filename, lynx, wolf\na.jpg, 1, 0\nb.jpg, 0, 1\nc.jpg, 0, 0\n",
            "a table with a column for each class",
        ),
        (
            "metadata.jsonl",
            "{\"file_name\": \"a.jpg\", \"label\": \"lynx\"}\n\n{\"file_name\": \"b.jpg\", \"label\": \"wolf\", \"x\": 1}\n{\"file_name\": \"c.jpg\"}\n",
            "lines of JSON",
        ),
        (
            "annotations.xml",
            "<?xml version=\"1.0\"?><annotations><version>1.1</version>\n<image id=\"0\" name=\"a.jpg\" width=\"9\" height=\"9\"><tag label=\"lynx\" source=\"manual\"/></image>\n<image name=\"b.jpg\"><tag label=\"wolf\"/></image><image name=\"c.jpg\"/></annotations>",
            "an export of CVAT",
        ),
        (
            "export.json",
            "[{\"id\": 7, \"data\": {\"image\": \"/data/local-files/?d=a.jpg\"}, \"annotations\": [{\"result\": [{\"value\": {\"choices\": [\"lynx\"]}}]}, {\"was_cancelled\": true, \"result\": []}]},\n\
              {\"id\": 8, \"image\": \"b.jpg\", \"label\": \"wolf\"}, {\"id\": 9, \"data\": {\"image\": \"c.jpg\"}, \"annotations\": []}]",
            "an export of Label Studio",
        ),
    ] {
        let known = written(name, text).unwrap();
        assert_eq!(known.form, form);
        assert_eq!(pairs(&known), expected, "{form}");
        assert_eq!(known.classes(), ["lynx", "wolf"], "{form}");
    }
    let labels = r#"{"classes": ["wolf", "lynx"], "labels": {"a": 1, "b": {"label": "wolf", "confidence": 0.9}, "c": null}}"#;
    let known = written("labels.json", labels).unwrap();
    assert_eq!(pairs(&known), [("a", "lynx"), ("b", "wolf")]);
    assert_eq!(known.classes(), ["wolf", "lynx"]);
}

#[test]
fn what_is_wrong_is_said_with_its_place() {
    for (name, text, words) in [
        (
            "l.csv",
            "path,label\na.jpg,lynx\na.jpg,wolf\n",
            "line 3: `a.jpg` is labelled wolf, and lynx in line 2",
        ),
        ("l.csv", "path,size\na.jpg,3000\n", "no column with labels"),
        ("l.csv", "label\nlynx\n", "no column with the images' files"),
        ("_classes.csv", "filename,lynx,wolf\na.jpg,1,1\n", "line 2: `a.jpg` is of 2 classes (lynx, wolf)"),
        (
            "m.jsonl",
            "{\"file_name\": \"a.jpg\", \"label\": \"x\"}\n{\"label\": 1}\n",
            "line 2: there is no `file_name`",
        ),
        (
            "m.jsonl",
            "{\"file_name\": \"a.jpg\", \"label\": [1]}\n",
            "line 1: `a.jpg` has the label [1], which is no class",
        ),
        (
            "a.xml",
            "<annotations><image name='a.jpg'><tag label='x'/><tag label='y'/></image></annotations>",
            "has 2 tags (x, y)",
        ),
        ("a.xml", "<annotations/>", "it is XML without an `image`"),
        ("a.xml", "<annotations>", "it begins like XML, but"),
        ("e.json", "[{\"id\": 3}]", "task 3: there is no `image`"),
        ("e.json", "[{", "it begins like an export of Label Studio, but"),
        ("f.json", "{\"classes\": [\"a\"], \"labels\": {\"x\": 4}}", "`x`: 4 is none of the 1 classes"),
    ] {
        let error = written(name, text).unwrap_err();
        assert!(error.contains(words), "{error}");
    }
}

/// Entities that expand to gigabytes, and thousands of levels, are errors.
#[test]
fn hostile_files_are_refused() {
    let mut bomb = "<!DOCTYPE a [<!ENTITY e0 \"lol\">".to_owned();
    for level in 1..30 {
        bomb.push_str(&format!("<!ENTITY e{level} \"{}\">", format!("&e{};", level - 1).repeat(10)));
    }
    bomb.push_str("]><annotations><image name=\"a\">&e29;</image></annotations>");
    assert!(written("bomb.xml", &bomb).is_err());
    assert!(written("deep.json", &"[".repeat(100_000)).is_err());
    assert!(written("deep.json", &"{\"labels\":".repeat(100_000)).is_err());
}

#[test]
fn labels_find_their_images() {
    let label =
        |file: &str| KnownLabel { place: String::new(), file: file.to_owned(), class: "x".to_owned() };
    let files = [
        "pool/a.jpg",
        "./b.jpg",
        "c\\d.jpg",
        "/home/me/photos/e/f.jpg",
        "f.jpg",
        "g",
        "h.jpg",
        "nowhere.jpg",
    ];
    let known = Known { form: "", listed: None, labels: files.map(label).to_vec() };
    let paths = ["pool/a.jpg", "b.jpg", "c/d.jpg", "e/f.jpg", "x/f.jpg", "deep/g.png", "1/h.jpg", "2/h.jpg"];
    let found = matched(&known, &paths);
    let by_place: Vec<(usize, &str)> =
        found.labels.iter().map(|(place, label)| (*place, label.file.as_str())).collect();
    assert_eq!(
        by_place,
        [(0, "pool/a.jpg"), (1, "./b.jpg"), (2, "c\\d.jpg"), (3, "/home/me/photos/e/f.jpg"), (5, "g")]
    );
    let names = |labels: &[&KnownLabel]| labels.iter().map(|label| label.file.clone()).collect::<Vec<_>>();
    assert_eq!(names(&found.unknown), ["nowhere.jpg"]);
    assert_eq!(names(&found.ambiguous), ["f.jpg", "h.jpg"]);
}
