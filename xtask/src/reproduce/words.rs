//! Words of a shell.

use std::path::Path;

/// A word that a shell reads as this text.
pub(super) fn quoted(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./=:,+@%".contains(&byte);
    if !text.is_empty() && text.bytes().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// Words in a line.
pub(super) fn line<T: AsRef<str>>(words: &[T]) -> String {
    words.iter().map(|word| quoted(word.as_ref())).collect::<Vec<_>>().join(" ")
}

/// A path as text.
///
/// # Errors
///
/// It is no text, or has a character that Slurm or a script would not take as it is.
pub(super) fn path_text(path: &Path) -> anyhow::Result<String> {
    match path.to_str() {
        Some(text) if !text.contains(['\n', '\\']) => Ok(text.to_owned()),
        _ => anyhow::bail!(
            "{} cannot be given to a scheduler: its name is no UTF-8 or has a line feed or a backslash",
            path.display()
        ),
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn a_shell_reads_what_was_meant() {
        let hostile =
            ["a b", "$HOME", "it's", "`ls`", "\"", "*", "", "ä", "a;b", "#c", "-n", "~", "!x", "a\tb"];
        assert_eq!(line(&["run", "/a/b-c_d.toml"]), "run /a/b-c_d.toml");
        let script = format!("printf '%s\\n' {}", line(&hostile));
        let printed = Command::new("sh").args(["-c", &script]).output().unwrap();
        assert_eq!(
            String::from_utf8(printed.stdout).unwrap(),
            hostile.map(|word| format!("{word}\n")).concat()
        );
    }
}
