//! The page as one file, for somebody who has neither the program nor the images: answers stay in the browser until they are
//! downloaded as a table that `tell` reads.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use sha2::{Digest, Sha256};
use tailward_datasets::SampleId;

use super::content::ClassLine;
use super::markup::{Assets, SCRIPT, STYLE, page};

/// What is in the file.
#[derive(Clone, Debug, Serialize)]
pub struct Offline {
    /// What answers are kept by in the browser: other for another ask.
    pub key: String,
    /// The project's name.
    pub project: String,
    /// The round, counted from 1.
    pub round: usize,
    /// The classes by their numbers.
    pub classes: Vec<ClassLine>,
    /// Labels that were asked for so far.
    pub spent: usize,
    /// Labels that may be asked for in all.
    pub budget: usize,
    /// The images, in the order in which they are shown.
    pub images: Vec<OfflineImage>,
}

/// An image of the file.
#[derive(Clone, Debug, Serialize)]
pub struct OfflineImage {
    /// Its number.
    pub sample: SampleId,
    /// Its path within the folder of images.
    pub path: String,
    /// Why it was chosen; nothing for an image of the audit.
    pub why: Option<String>,
    /// Its pixels, as [`data_url`] writes them.
    pub image: String,
}

/// An image's file as an address that holds it.
pub fn data_url(media_type: &str, bytes: &[u8]) -> String {
    format!("data:{media_type};base64,{}", STANDARD.encode(bytes))
}

/// The file. It loads nothing and sends nothing: its policy allows its own script, style and images alone.
pub fn offline(content: &Offline) -> String {
    // No sign in a name may end the element that the content stands in.
    let json = serde_json::to_string(content).expect("content holds nothing that JSON cannot");
    let json = json.replace('<', "\\u003c");
    let policy = format!(
        "default-src 'none'; img-src data:; script-src '{}'; style-src '{}'; base-uri 'none'; form-action 'none'",
        hash(SCRIPT),
        hash(STYLE)
    );
    page(&content.project, Assets::Inside { policy: &policy, content: &json })
}

/// A hash as a content security policy names what it allows.
fn hash(text: &str) -> String {
    format!("sha256-{}", STANDARD.encode(Sha256::digest(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_name_becomes_part_of_the_page() {
        let name = "</script><img src=x onerror=alert(1)>";
        let class = ClassLine { id: 0, name: name.to_owned(), key: Some('1'), count: 0 };
        let image = OfflineImage {
            sample: SampleId(3),
            path: name.to_owned(),
            why: None,
            image: data_url("image/png", &[1, 2, 3]),
        };
        let content = Offline {
            key: "k".to_owned(),
            project: name.to_owned(),
            round: 1,
            classes: vec![class],
            spent: 1,
            budget: 2,
            images: vec![image],
        };
        let page = offline(&content);
        assert!(!page.contains("<img"), "{page}");
        assert!(page.contains("data:image/png;base64,AQID"));
        let start = page.find("id=\"content\">").unwrap() + "id=\"content\">".len();
        let json = &page[start..start + page[start..].find("</script>").unwrap()];
        let read: serde_json::Value = serde_json::from_str(json).unwrap();
        assert_eq!(read["classes"][0]["name"], name);
    }
}
