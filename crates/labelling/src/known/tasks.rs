//! Label Studio: a list of tasks with their annotations.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::label::{Known, KnownLabel};
use crate::answers::label_studio::{annotations, choices};

pub(super) fn read(text: &str) -> Result<Known, String> {
    let tasks: Vec<Map<String, Value>> = serde_json::from_str(text)
        .map_err(|error| format!("it begins like an export of Label Studio, but {error}"))?;
    let mut labels = Vec::new();
    for (position, task) in tasks.iter().enumerate() {
        let number = task.get("id").map_or_else(|| (position + 1).to_string(), Value::to_string);
        let place = format!("task {number}");
        let data = task.get("data").and_then(Value::as_object).unwrap_or(task);
        let Some(image) = data.get("image").and_then(Value::as_str) else {
            return Err(format!("{place}: there is no `image`"));
        };
        let classes = classes(task);
        let Some((class, votes)) = classes.iter().max_by_key(|(_, votes)| **votes) else { continue };
        if classes.values().filter(|found| *found == votes).count() > 1 {
            let names: Vec<&str> = classes.keys().map(String::as_str).collect();
            return Err(format!(
                "{place}: `{image}` is labelled {} as often; settle it there",
                names.join(" and ")
            ));
        }
        labels.push(KnownLabel { place, file: file(image), class: class.clone() });
    }
    Ok(Known { form: "an export of Label Studio", listed: None, labels })
}

/// How often each class was chosen, by those who did not skip the task.
fn classes(task: &Map<String, Value>) -> BTreeMap<String, usize> {
    let mut classes = BTreeMap::new();
    if let Some(class) = task.get("label").and_then(Value::as_str).filter(|class| !class.is_empty()) {
        *classes.entry(class.to_owned()).or_default() += 1;
    }
    let annotations = annotations(task).into_iter().flatten();
    for class in annotations.filter_map(choices).flatten() {
        *classes.entry(class).or_default() += 1;
    }
    classes
}

/// The file behind a URL: what stands behind `d=`, decoded, or the last part.
fn file(image: &str) -> String {
    let path = image.split_once("?d=").map_or(image, |(_, path)| path);
    let bytes = path.as_bytes();
    let (mut decoded, mut place) = (Vec::with_capacity(bytes.len()), 0);
    while place < bytes.len() {
        let digits = bytes.get(place + 1..place + 3).and_then(|digits| std::str::from_utf8(digits).ok());
        match digits.filter(|_| bytes[place] == b'%').and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                decoded.push(byte);
                place += 3;
            }
            None => {
                decoded.push(bytes[place]);
                place += 1;
            }
        }
    }
    String::from_utf8_lossy(&decoded).replace('\\', "/")
}
