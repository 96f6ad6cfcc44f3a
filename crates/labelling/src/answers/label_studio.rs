//! Label Studio: tasks for it to import, and what it exports.
//!
//! A task carries a name of our own, `tailward_id`, which comes back in every export; paths do not (an uploaded file is
//! renamed, and what a path is relative to depends on how the server was started).

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Map, Value, json};

use super::row::AnswerRow;
use crate::Error;
use crate::table::{Classes, Mark, Samples, Sheet};

/// The key of a task's data that comes back.
const NAME: &str = "tailward_id";

/// The tasks to import: for each image its name and its path below the folder that Label Studio serves. Nothing is
/// predicted in them, for an audit must be blind.
pub fn tasks(images: &[(String, String)]) -> Value {
    let task = |(name, path): &(String, String)| json!({ "data": { "image": format!("/data/local-files/?d={}", escaped(path)), NAME: name } });
    images.iter().map(task).collect()
}

/// The tasks of images that may have a class already, which stands as an annotation: for going on there, or a look.
pub fn labelled_tasks(images: &[(String, String, Option<&str>)]) -> Value {
    let task = |(name, path, class): &(String, String, Option<&str>)| {
        let mut task = tasks(&[(name.clone(), path.clone())])[0].take();
        if let Some(class) = class {
            let choice = json!({"from_name": "label", "to_name": "image", "type": "choices", "value": {"choices": [class]}});
            task["annotations"] = json!([{"result": [choice]}]);
        }
        task
    };
    images.iter().map(task).collect()
}

/// The configuration of the project that the tasks need: one choice among the classes, the first nine by a digit.
pub fn configuration(classes: &[String]) -> String {
    let choice = |(place, class): (usize, &String)| {
        let key = if place < 9 { format!(" hotkey=\"{}\"", place + 1) } else { String::new() };
        format!("    <Choice value=\"{}\"{key}/>\n", attribute(class))
    };
    let choices: String = classes.iter().enumerate().map(choice).collect();
    format!(
        "<View>\n  <Image name=\"image\" value=\"$image\"/>\n  <Choices name=\"label\" toName=\"image\" choice=\"single\">\n\
         {choices}  </Choices>\n</View>\n"
    )
}

/// A path as the value of a query: what RFC 3986 lets stand in one stays, but for signs that a server may take for its own.
fn escaped(path: &str) -> String {
    let mut text = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                text.push(char::from(byte));
            }
            _ => text.push_str(&format!("%{byte:02X}")),
        }
    }
    text
}

fn attribute(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// The answers of an export; nothing where the file is none of Label Studio's.
pub(super) fn read(
    path: &Path,
    samples: &Samples,
    classes: &Classes,
    names: &[String],
) -> Result<Option<Vec<AnswerRow>>, Error> {
    let wrong = |reason: String| Error::Input { path: path.to_owned(), reason };
    let by_name = names.iter().enumerate().map(|(sample, name)| (name.as_str(), sample)).collect();
    let export = Export { path, samples, classes, by_name };
    let is_json = path != Path::new("-") && {
        let bytes = std::fs::read(path).map_err(|error| wrong(format!("it cannot be read: {error}")))?;
        bytes.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[')
    };
    if is_json {
        let text =
            std::fs::read_to_string(path).map_err(|error| wrong(format!("it cannot be read: {error}")))?;
        let tasks: Vec<Map<String, Value>> = serde_json::from_str(&text)
            .map_err(|error| wrong(format!("it begins like an export of Label Studio, but {error}")))?;
        return export.of_json(&tasks).map(Some);
    }
    let sheet = Sheet::read(path)?;
    let header = sheet.rows.first().map(|row| row.cells.as_slice()).unwrap_or_default();
    match header.iter().position(|cell| cell == NAME) {
        Some(name) => export.of_table(&sheet, name).map(Some),
        None => Ok(None),
    }
}

struct Export<'a> {
    path: &'a Path,
    samples: &'a Samples,
    classes: &'a Classes,
    by_name: BTreeMap<&'a str, usize>,
}

impl Export<'_> {
    fn of_json(&self, tasks: &[Map<String, Value>]) -> Result<Vec<AnswerRow>, Error> {
        let mut rows = Vec::new();
        for (position, task) in tasks.iter().enumerate() {
            let number = task.get("id").map_or_else(|| (position + 1).to_string(), text);
            let place = format!("task {number}");
            match annotations(task) {
                Some(annotations) => {
                    let data = task.get("data").and_then(Value::as_object);
                    let sample = self.sample(&place, data.and_then(|data| data.get(NAME)))?;
                    for (position, annotation) in annotations.iter().enumerate() {
                        let number = annotation.get("id").map_or_else(|| (position + 1).to_string(), text);
                        let place = format!("{place}, annotation {number}");
                        rows.push(self.annotation(place, sample, annotation)?);
                    }
                }
                // JSON_MIN: everything in one object.
                None => {
                    let sample = self.sample(&place, task.get(NAME))?;
                    let label = task.get("label").map_or_else(String::new, text);
                    let annotator = task.get("annotator").map(text);
                    rows.push(self.row(place, sample, &label, annotator)?);
                }
            }
        }
        Ok(latest(rows))
    }

    fn annotation(&self, place: String, sample: usize, annotation: &Value) -> Result<AnswerRow, Error> {
        let annotator = annotation.get("completed_by").map(person);
        let Some(choices) = choices(annotation) else {
            return Ok(AnswerRow { place, sample, mark: Some(Mark::Skipped), annotator });
        };
        match choices.as_slice() {
            // Not cancelled and empty: nobody has answered.
            [] => Ok(AnswerRow { place, sample, mark: None, annotator }),
            [label] => self.row(place, sample, label, annotator),
            several => Err(self.wrong(
                &place,
                format!(
                    "{} has {} classes ({}); choose one",
                    self.samples.name(sample),
                    several.len(),
                    several.join(", ")
                ),
            )),
        }
    }

    /// One row for each annotation that was not skipped: the skipped ones are not in this export.
    fn of_table(&self, sheet: &Sheet, name: usize) -> Result<Vec<AnswerRow>, Error> {
        let column = |wanted: &str| sheet.rows[0].cells.iter().position(|cell| cell == wanted);
        let (label, annotator) = (column("label"), column("annotator"));
        let Some(label) = label else {
            return Err(self.wrong("line 1", format!("there is no column `label` beside `{NAME}`")));
        };
        let mut rows = Vec::new();
        for row in &sheet.rows[1..] {
            let place = format!("line {}", row.line);
            let cell = |column: usize| row.cells.get(column).map_or("", String::as_str);
            let sample = self.sample(&place, Some(&Value::from(cell(name))))?;
            let annotator = annotator.map(|column| cell(column).to_owned()).filter(|who| !who.is_empty());
            rows.push(self.row(place, sample, cell(label), annotator)?);
        }
        Ok(latest(rows))
    }

    fn row(
        &self,
        place: String,
        sample: usize,
        label: &str,
        annotator: Option<String>,
    ) -> Result<AnswerRow, Error> {
        if label.is_empty() {
            return Ok(AnswerRow { place, sample, mark: None, annotator });
        }
        match self.classes.mark(label) {
            Ok(mark) => Ok(AnswerRow { place, sample, mark: Some(mark), annotator }),
            Err(reason) => {
                Err(self.wrong(&place, format!("label `{label}` of {} {reason}", self.samples.name(sample))))
            }
        }
    }

    fn sample(&self, place: &str, name: Option<&Value>) -> Result<usize, Error> {
        let Some(name) = name.and_then(Value::as_str) else {
            return Err(self.wrong(
                place,
                format!(
                    "it has no `{NAME}`; import the tasks that `tailward ask --format label-studio` wrote"
                ),
            ));
        };
        self.by_name.get(name).copied().ok_or_else(|| {
            self.wrong(
                place,
                format!("`{name}` is no image of this project; is it an export of another one?"),
            )
        })
    }

    fn wrong(&self, place: &str, reason: String) -> Error {
        Error::Input { path: self.path.to_owned(), reason: format!("{place}: {reason}") }
    }
}

/// The annotations of a task, which the old form calls completions; nothing in the form that has none, `JSON_MIN`.
pub(crate) fn annotations(task: &Map<String, Value>) -> Option<&Vec<Value>> {
    task.get("annotations").or_else(|| task.get("completions"))?.as_array()
}

/// The classes that were chosen in an annotation; nothing where its task was skipped.
pub(crate) fn choices(annotation: &Value) -> Option<Vec<String>> {
    let is = |key: &str| annotation.get(key).and_then(Value::as_bool).unwrap_or(false);
    if is("was_cancelled") || is("skipped") {
        return None;
    }
    let results = annotation.get("result").and_then(Value::as_array).into_iter().flatten();
    let choices = results.filter_map(|result| result.pointer("/value/choices")?.as_array()).flatten();
    Some(choices.map(text).collect())
}

/// Of several answers of one person to one sample the last.
fn latest(rows: Vec<AnswerRow>) -> Vec<AnswerRow> {
    let last: BTreeMap<(usize, Option<String>), usize> =
        rows.iter().enumerate().map(|(place, row)| ((row.sample, row.annotator.clone()), place)).collect();
    let is_last = |(place, row): &(usize, AnswerRow)| last[&(row.sample, row.annotator.clone())] == *place;
    rows.into_iter().enumerate().filter(is_last).map(|(_, row)| row).collect()
}

/// A number, or an object with an address.
fn person(value: &Value) -> String {
    match value {
        Value::Object(object) => {
            object.get("email").or_else(|| object.get("id")).map_or_else(String::new, text)
        }
        other => text(other),
    }
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answers;

    const NAMES: [&str; 4] = ["000000-aaaa", "000001-bbbb", "000002-cccc", "000003-dddd"];

    /// Sample, what was said, and who said it.
    type Said = (usize, Option<Mark>, Option<String>);

    fn read(name: &str, text: &str) -> Result<Vec<Said>, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        let samples = Samples::new(4, Some(["a.jpg", "b.jpg", "c.jpg", "d.jpg"].map(str::to_owned).to_vec()));
        let names = Some(["lynx", "wolf"].map(str::to_owned).to_vec());
        let classes = Classes { count: Some(2), names };
        let rows = answers::read(&path, &samples, &classes, &NAMES.map(str::to_owned));
        let row = |row: AnswerRow| (row.sample, row.mark, row.annotator);
        rows.map(|answers| answers.rows.into_iter().map(row).collect()).map_err(|error| error.to_string())
    }

    fn said(sample: usize, mark: Option<Mark>, annotator: &str) -> Said {
        (sample, mark, Some(annotator.to_owned()))
    }

    const RESULT: &str =
        r#"[{"from_name":"label","to_name":"image","type":"choices","value":{"choices":["lynx"]}}]"#;

    #[test]
    fn json_has_several_people_skips_and_empty_answers() {
        let export = format!(
            r#" [
            {{"id": 7, "data": {{"image": "/x/a.jpg", "tailward_id": "000000-aaaa"}}, "annotations": [
                {{"id": 12, "completed_by": 2, "was_cancelled": false, "result": {RESULT}}},
                {{"id": 13, "completed_by": {{"id": 3, "email": "bo@example.org"}}, "was_cancelled": true, "result": []}}]}},
            {{"id": 8, "data": {{"tailward_id": "000002-cccc"}}, "annotations": [
                {{"id": 14, "completed_by": 2, "was_cancelled": false, "result": []}}]}},
            {{"id": 9, "data": {{"tailward_id": "000003-dddd"}}, "completions": [
                {{"id": 1, "completed_by": 2, "skipped": true}},
                {{"id": 2, "completed_by": 2, "result": {RESULT}}}]}}]"#
        );
        let expected = [
            said(0, Some(Mark::Label(0)), "2"),
            said(0, Some(Mark::Skipped), "bo@example.org"),
            said(2, None, "2"),
            said(3, Some(Mark::Label(0)), "2"),
        ];
        assert_eq!(read("export.json", &export).unwrap(), expected);
    }

    #[test]
    fn json_min_and_csv_say_the_same() {
        let min =
            r#"[{"image": "/x", "tailward_id": "000001-bbbb", "id": 7, "label": "wolf", "annotator": 2}]"#;
        let csv = "annotation_id,annotator,created_at,id,image,label,lead_time,tailward_id,updated_at\n\
                   12,2,\"2026-11-20T09:00:01Z\",7,\"/x\",\"wolf\",1.9,\"000001-bbbb\",\"2026-11-20T09:00:01Z\"\n";
        let expected = [said(1, Some(Mark::Label(1)), "2")];
        assert_eq!(read("min.json", min).unwrap(), expected);
        assert_eq!(read("export.csv", csv).unwrap(), expected);
    }

    /// `tests/golden/label-studio`: what label-studio-sdk 2.1.2 writes.
    #[test]
    fn exports_of_its_own_converter_are_read() {
        let whole = read("export.json", include_str!("../../tests/golden/label-studio/export.json")).unwrap();
        let expected = [
            said(0, Some(Mark::Label(0)), "2"),
            said(0, Some(Mark::Skipped), "b@example.org"),
            said(1, Some(Mark::Label(1)), "2"),
        ];
        assert_eq!(whole, expected);
        let without_skips = [expected[0].clone(), expected[2].clone()];
        let min = include_str!("../../tests/golden/label-studio/min.json");
        let csv = include_str!("../../tests/golden/label-studio/export.csv");
        assert_eq!(read("min.json", min).unwrap(), without_skips);
        assert_eq!(read("export.csv", csv).unwrap(), without_skips);
    }

    #[test]
    fn what_is_wrong_is_said_with_its_task() {
        let task = |data: &str, result: &str| {
            format!(
                r#"[{{"id": 7, "data": {data}, "annotations": [{{"id": 12, "completed_by": 2, "result": {result}}}]}}]"#
            )
        };
        let ours = r#"{"tailward_id": "000000-aaaa"}"#;
        let two = r#"[{"value": {"choices": ["lynx", "wolf"]}}]"#;
        let other = r#"[{"value": {"choices": ["dog"]}}]"#;
        for (text, words) in [
            (task("{}", RESULT), "task 7: it has no `tailward_id`; import the tasks"),
            (task(r#"{"tailward_id": "9-9"}"#, RESULT), "task 7: `9-9` is no image of this project"),
            (
                task(ours, two),
                "task 7, annotation 12: sample 0 (`a.jpg`) has 2 classes (lynx, wolf); choose one",
            ),
            (
                task(ours, other),
                "task 7, annotation 12: label `dog` of sample 0 (`a.jpg`) is not one of the classes",
            ),
            ("[{".to_owned(), "it begins like an export of Label Studio, but EOF"),
            ("[1]".to_owned(), "it begins like an export of Label Studio, but invalid type"),
        ] {
            let error = read("export.json", &text).unwrap_err();
            assert!(error.contains(words), "{error}");
        }
        assert!(
            read("e.csv", "tailward_id,annotator\n000000-aaaa,2\n")
                .unwrap_err()
                .contains("no column `label`")
        );
    }

    #[test]
    fn tasks_are_what_label_studio_imports() {
        let tasks = tasks(&[("000041-9f2c".to_owned(), "pool/a b&é.jpg".to_owned())]);
        let expected = json!([{"data": {"image": "/data/local-files/?d=pool/a%20b%26%C3%A9.jpg", "tailward_id": "000041-9f2c"}}]);
        assert_eq!(tasks, expected);
        let labelled = labelled_tasks(&[("1-a".to_owned(), "a.jpg".to_owned(), Some("lynx"))]);
        assert_eq!(labelled[0]["annotations"][0]["result"][0]["value"]["choices"], json!(["lynx"]));
        assert_eq!(labelled[0]["data"]["tailward_id"], "1-a");
        let configuration = configuration(&["<lynx> \"&\"".to_owned()]);
        assert!(configuration.contains(r#"<Choice value="&lt;lynx&gt; &quot;&amp;&quot;" hotkey="1"/>"#));
    }
}
