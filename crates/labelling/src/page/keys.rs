//! Which key answers which class.

use std::collections::BTreeMap;

/// Keys of classes in the order in which they are given away: digits, then the letters that do nothing else on the page.
const KEYS: &str = "1234567890abcdefhijklmopqstvy";

/// Keys of the page itself.
const OF_THE_PAGE: &str = "unxzwgr";

/// The key of each class. Those that somebody chose hold; the others get the next free ones by the numbers of the classes, so that
/// a class keeps its key when others follow. Classes beyond the last key are typed.
///
/// # Errors
///
/// A chosen key cannot be one, is there twice, or belongs to no class: whole sentences with what to do.
pub fn class_keys(names: &[String], chosen: &BTreeMap<String, String>) -> Result<Vec<Option<char>>, String> {
    let mut taken: BTreeMap<char, &str> = BTreeMap::new();
    for (name, key) in chosen {
        if !names.contains(name) {
            return Err(format!("keys: there is no class `{name}`; remove the line or correct the name"));
        }
        let key = one_key(key).ok_or_else(|| {
            format!(
                "keys: `{key}` cannot be the key of `{name}`; it must be one digit or one small letter, and none of {}, which are the page's \
                 own",
                OF_THE_PAGE.chars().map(String::from).collect::<Vec<_>>().join(", ")
            )
        })?;
        if let Some(other) = taken.insert(key, name) {
            return Err(format!("keys: `{key}` is the key of both `{other}` and `{name}`; change one"));
        }
    }
    let mut free = KEYS.chars().filter(|key| !taken.contains_key(key));
    let key = |name: &String| chosen.get(name).and_then(|key| one_key(key)).or_else(|| free.next());
    Ok(names.iter().map(key).collect())
}

fn one_key(text: &str) -> Option<char> {
    let mut signs = text.chars();
    match (signs.next(), signs.next()) {
        (Some(key), None) if (key.is_ascii_digit() || key.is_lowercase()) && !OF_THE_PAGE.contains(key) => {
            Some(key)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(count: usize, chosen: &[(&str, &str)]) -> Result<String, String> {
        let names: Vec<String> = (0..count).map(|class| format!("c{class}")).collect();
        let chosen = chosen.iter().map(|&(name, key)| (name.to_owned(), key.to_owned())).collect();
        let keys = class_keys(&names, &chosen)?;
        Ok(keys.into_iter().map(|key| key.unwrap_or('-')).collect())
    }

    #[test]
    fn digits_come_before_letters_and_chosen_keys_hold() {
        assert_eq!(keys(12, &[]).unwrap(), "1234567890ab");
        assert_eq!(keys(4, &[("c2", "1"), ("c3", "é")]).unwrap(), "231é");
        assert_eq!(keys(31, &[]).unwrap(), "1234567890abcdefhijklmopqstvy--");
        assert!(KEYS.chars().all(|key| !OF_THE_PAGE.contains(key)));
    }

    #[test]
    fn keys_that_cannot_be_are_refused() {
        for (chosen, words) in [
            (vec![("c0", "u")], "`u` cannot be the key of `c0`"),
            (vec![("c0", "ab")], "must be one digit or one small letter"),
            (vec![("c0", "a"), ("c1", "a")], "`a` is the key of both `c0` and `c1`"),
            (vec![("c9", "a")], "there is no class `c9`"),
        ] {
            let error = keys(2, &chosen).unwrap_err();
            assert!(error.contains(words), "{error}");
        }
    }
}
