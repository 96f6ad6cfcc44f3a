//! FiftyOne: `{"classes": ["cat", "lynx"], "labels": {"x": 1, "y": null}}`, by file names without their ends.

use serde_json::{Map, Value};

use super::label::{Known, KnownLabel};

/// Nothing where the text is no single object with `labels`.
pub(super) fn read(text: &str) -> Option<Result<Known, String>> {
    let object: Map<String, Value> = serde_json::from_str(text).ok()?;
    let labels = object.get("labels")?.as_object()?;
    let classes = object.get("classes").and_then(Value::as_array);
    let classes: Option<Vec<String>> = classes.map(|classes| classes.iter().map(text_of).collect());
    let known = labels
        .iter()
        .filter(|(_, label)| !label.is_null())
        .map(|(file, label)| {
            let place = format!("`{file}`");
            let label = label.get("label").unwrap_or(label);
            let class = class(label, classes.as_deref()).map_err(|reason| format!("{place}: {reason}"))?;
            Ok(KnownLabel { place, file: file.clone(), class })
        })
        .collect::<Result<Vec<KnownLabel>, String>>();
    Some(known.map(|labels| Known { form: "labels of FiftyOne", listed: classes, labels }))
}

/// A number is a place among the classes, where there are some.
fn class(label: &Value, classes: Option<&[String]>) -> Result<String, String> {
    match (label, classes) {
        (Value::Number(number), Some(classes)) => {
            let place = number.as_u64().and_then(|place| usize::try_from(place).ok());
            let class = place.and_then(|place| classes.get(place)).cloned();
            class.ok_or_else(|| format!("{number} is none of the {} classes", classes.len()))
        }
        (Value::String(_) | Value::Number(_), _) => Ok(text_of(label)),
        (other, _) => Err(format!("{other} is no label")),
    }
}

fn text_of(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
