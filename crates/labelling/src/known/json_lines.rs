//! JSON lines: `{"file_name": "a.jpg", "label": "lynx"}`, as Hugging Face's `metadata.jsonl` has them.

use serde_json::{Map, Value};

use super::label::{Known, KnownLabel};
use crate::table::columns::{LABEL, PATH};

pub(super) fn read(text: &str) -> Result<Known, String> {
    let mut labels = Vec::new();
    for (number, line) in (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty()) {
        let place = format!("line {number}");
        let object: Map<String, Value> = serde_json::from_str(line)
            .map_err(|error| format!("{place}: it is no object of JSON: {error}"))?;
        let find = |names: &[&str]| names.iter().find_map(|name| object.get(*name));
        let Some(file) = find(&PATH).and_then(Value::as_str) else {
            return Err(format!("{place}: there is no `file_name`"));
        };
        let class = match find(&LABEL) {
            Some(Value::String(class)) if !class.is_empty() => class.clone(),
            Some(Value::Number(class)) => class.to_string(),
            None | Some(Value::Null | Value::String(_)) => continue,
            Some(other) => return Err(format!("{place}: `{file}` has the label {other}, which is no class")),
        };
        labels.push(KnownLabel { place, file: file.to_owned(), class });
    }
    Ok(Known { form: "lines of JSON", listed: None, labels })
}
