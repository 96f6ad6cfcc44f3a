//! Paths as text that stands in one cell of a table.

use std::path::{Path, PathBuf};

/// A relative path as text: parts separated by `/`, and `%` with two hexadecimal digits for what no cell can hold as it is (a
/// control character, `%` itself, a byte that is no UTF-8).
pub fn path_to_text(path: &Path) -> String {
    let parts: Vec<String> = path.iter().map(|part| escape(part.as_encoded_bytes())).collect();
    parts.join("/")
}

/// The path that [`path_to_text`] wrote; nothing where an escape is none, or leads out of the folder.
pub fn path_from_text(text: &str) -> Option<PathBuf> {
    let mut path = PathBuf::new();
    for part in text.split('/') {
        let bytes = unescape(part)?;
        if bytes.is_empty() || bytes == b"." || bytes == b".." || bytes.contains(&b'/') || bytes.contains(&0)
        {
            return None;
        }
        path.push(os_string(bytes)?);
    }
    Some(path)
}

fn escape(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            match character {
                '%' | '\u{7f}' => text.push_str(&format!("%{:02X}", character as u32)),
                _ if character < ' ' => text.push_str(&format!("%{:02X}", character as u32)),
                _ => text.push(character),
            }
        }
        chunk.invalid().iter().for_each(|byte| text.push_str(&format!("%{byte:02X}")));
    }
    text
}

fn unescape(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        if byte == b'%' {
            let (digits, tail) = rest.split_at_checked(2)?;
            bytes.push(u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?);
            rest = tail;
        } else {
            bytes.push(byte);
        }
    }
    Some(bytes)
}

#[cfg(unix)]
fn os_string(bytes: Vec<u8>) -> Option<std::ffi::OsString> {
    Some(std::os::unix::ffi::OsStringExt::from_vec(bytes))
}

#[cfg(not(unix))]
fn os_string(bytes: Vec<u8>) -> Option<std::ffi::OsString> {
    String::from_utf8(bytes).ok().map(Into::into)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_a_cell_cannot_hold_is_escaped() {
        for (path, text) in [
            ("a b/é,\"c\".jpg", "a b/é,\"c\".jpg"),
            ("two\nlines\r.png", "two%0Alines%0D.png"),
            ("100%.jpg", "100%25.jpg"),
        ] {
            assert_eq!(path_to_text(Path::new(path)), text);
            assert_eq!(path_from_text(text).unwrap(), Path::new(path));
        }
    }

    #[cfg(unix)]
    #[test]
    fn bytes_that_are_no_text_come_back() {
        use std::ffi::OsStr;
        use std::os::unix::ffi::OsStrExt;
        let path = Path::new(OsStr::from_bytes(b"caf\xe9/\xff.jpg"));
        assert_eq!(path_to_text(path), "caf%E9/%FF.jpg");
        assert_eq!(path_from_text("caf%E9/%FF.jpg").unwrap(), path);
    }

    #[test]
    fn nothing_leads_out_of_the_folder() {
        for text in
            ["", "/etc/passwd", "../a", "a/../b", "a//b", "%2e%2e/a", "a%2Fb", "a%00", "a%", "a%4", "a%zz"]
        {
            assert_eq!(path_from_text(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_name_comes_back(parts in prop::collection::vec("[^/\0]{1,12}", 1..4)) {
            prop_assume!(parts.iter().all(|part| part != "." && part != ".."));
            let path: PathBuf = parts.iter().collect();
            prop_assert_eq!(path_from_text(&path_to_text(&path)), Some(path));
        }
    }
}
