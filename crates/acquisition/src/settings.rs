//! The parameters of a strategy, as somebody gives them one after the other.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::value::{Error as ReadError, MapDeserializer, SeqDeserializer};
use serde::de::{Deserializer, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;

/// The value of a parameter.
#[derive(Clone, Debug, PartialEq)]
pub enum Setting {
    /// Yes or no.
    Flag(bool),
    /// A whole number.
    Whole(i64),
    /// A number.
    Number(f64),
    /// A word.
    Text(String),
    /// Values in a row. No strategy has such a parameter; whoever reads a file or a dictionary may find one all the same.
    List(Vec<Setting>),
    /// Parameters with names of their own.
    Table(Settings),
}

/// Values by the names of their parameters.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Settings(BTreeMap<String, Setting>);

/// Why a value found no place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Misplaced {
    /// The key is empty somewhere.
    NoKey,
    /// What should be a table, by this name, has a value already.
    NoTable(String),
    /// There is a value already.
    Twice,
}

impl Settings {
    /// Whether there is a value of this name.
    pub fn contains(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// The value of this name.
    pub fn get(&self, name: &str) -> Option<&Setting> {
        self.0.get(name)
    }

    /// The same, to be changed.
    pub(crate) fn get_mut(&mut self, name: &str) -> Option<&mut Setting> {
        self.0.get_mut(name)
    }

    /// Gives a parameter a value, in place of the one that it had.
    pub(crate) fn put(&mut self, name: &str, value: Setting) {
        self.0.insert(name.to_owned(), value);
    }

    /// Gives a parameter a value that it has if nothing else is said.
    pub(crate) fn put_if_absent(&mut self, name: &str, value: Setting) {
        self.0.entry(name.to_owned()).or_insert(value);
    }

    /// Puts a value where a dotted key says, such as `balance.solver`.
    pub(crate) fn place(&mut self, key: &str, value: Setting) -> Result<(), Misplaced> {
        let mut parts: Vec<&str> = key.split('.').collect();
        let last = parts.pop().unwrap_or_default();
        if last.is_empty() || parts.iter().any(|part| part.is_empty()) {
            return Err(Misplaced::NoKey);
        }
        let mut place = &mut self.0;
        for part in parts {
            let inner = place.entry(part.to_owned()).or_insert_with(|| Setting::Table(Self::default()));
            let Setting::Table(inner) = inner else { return Err(Misplaced::NoTable(part.to_owned())) };
            place = &mut inner.0;
        }
        match place.insert(last.to_owned(), value) {
            None => Ok(()),
            Some(_) => Err(Misplaced::Twice),
        }
    }
}

impl FromIterator<(String, Setting)> for Settings {
    fn from_iter<I: IntoIterator<Item = (String, Setting)>>(settings: I) -> Self {
        Self(settings.into_iter().collect())
    }
}

/// As TOML has it.
impl fmt::Display for Setting {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(value) => write!(formatter, "{value}"),
            Self::Whole(value) => write!(formatter, "{value}"),
            Self::Number(value) => write!(formatter, "{value:?}"),
            Self::Text(value) => write!(formatter, "{value:?}"),
            Self::List(values) => {
                let values: Vec<String> = values.iter().map(Self::to_string).collect();
                write!(formatter, "[{}]", values.join(", "))
            }
            Self::Table(Settings(values)) => {
                let values: Vec<String> =
                    values.iter().map(|(name, value)| format!("{name} = {value}")).collect();
                write!(formatter, "{{ {} }}", values.join(", "))
            }
        }
    }
}

impl<'de> IntoDeserializer<'de, ReadError> for Setting {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Deserializer<'de> for Setting {
    type Error = ReadError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        match self {
            Self::Flag(value) => visitor.visit_bool(value),
            Self::Whole(value) => visitor.visit_i64(value),
            Self::Number(value) => visitor.visit_f64(value),
            Self::Text(value) => visitor.visit_string(value),
            Self::List(values) => SeqDeserializer::new(values.into_iter()).deserialize_any(visitor),
            Self::Table(Settings(values)) => {
                MapDeserializer::new(values.into_iter()).deserialize_any(visitor)
            }
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dotted_key_leads_into_tables() {
        let mut settings = Settings::default();
        settings.place("balance.lambda", Setting::Number(2.0)).unwrap();
        settings.place("balance.solver", Setting::Text("exact".to_owned())).unwrap();
        settings.place("decimals", Setting::Whole(2)).unwrap();
        let text = Setting::Table(settings.clone()).to_string();
        assert_eq!(text, "{ balance = { lambda = 2.0, solver = \"exact\" }, decimals = 2 }");
        let again = Setting::Whole(3);
        assert_eq!(settings.place("decimals", again.clone()), Err(Misplaced::Twice));
        assert_eq!(
            settings.place("decimals.most", again.clone()),
            Err(Misplaced::NoTable("decimals".to_owned()))
        );
        for key in ["", ".", "balance.", ".lambda"] {
            assert_eq!(settings.place(key, again.clone()), Err(Misplaced::NoKey), "{key}");
        }
    }
}
