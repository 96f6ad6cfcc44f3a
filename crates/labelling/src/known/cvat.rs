//! CVAT for images 1.1: `<image name="…"><tag label="…"/></image>`.

use super::label::{Known, KnownLabel};

/// Elements that a file may have, so that one that is made to exhaust memory cannot.
const MOST_ELEMENTS: u32 = 20_000_000;

pub(super) fn read(text: &str) -> Result<Known, String> {
    let options =
        roxmltree::ParsingOptions { nodes_limit: MOST_ELEMENTS, ..roxmltree::ParsingOptions::default() };
    let document = roxmltree::Document::parse_with_options(text, options)
        .map_err(|error| format!("it begins like XML, but {error}"))?;
    let mut labels = Vec::new();
    for image in document.descendants().filter(|node| node.has_tag_name("image")) {
        let line = document.text_pos_at(image.range().start).row;
        let place = format!("line {line}");
        let Some(file) = image.attribute("name") else {
            return Err(format!("{place}: an image has no `name`"));
        };
        let tags: Vec<&str> = image
            .children()
            .filter(|node| node.has_tag_name("tag"))
            .filter_map(|tag| tag.attribute("label"))
            .collect();
        match tags.as_slice() {
            [] => {}
            [class] => {
                labels.push(KnownLabel { place, file: file.to_owned(), class: (*class).to_owned() });
            }
            several => {
                return Err(format!(
                    "{place}: `{file}` has {} tags ({}); one is a label",
                    several.len(),
                    several.join(", ")
                ));
            }
        }
    }
    if labels.is_empty() && !document.descendants().any(|node| node.has_tag_name("image")) {
        return Err("it is XML without an `image`; CVAT for images 1.1 is what is read".to_owned());
    }
    Ok(Known { form: "an export of CVAT", listed: None, labels })
}
