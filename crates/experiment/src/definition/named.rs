//! What a definition says once and uses often: tables with names.
//!
//! `[networks.official]` holds VAAL's networks, and `networks = "official"` in a query stands for that table; `[training.flexmatch]`
//! and `training = "flexmatch"` in a scale or in an override do likewise, and so do models. Names are gone once a definition is read: what runs, and what
//! hashes are taken of, holds the values themselves.

use serde::de::{DeserializeOwned, Error as _};
use toml::Spanned;
use toml::de::{DeTable, DeValue, Deserializer, Error};

/// The key of the named networks, and the key of a query that may name some.
const NETWORKS: &str = "networks";

/// The keys of what is trained and how: of the named ones, and of a scale or an override that may name one.
const TRAINED: [&str; 2] = ["model", "training"];

/// Parses a text in which queries may name networks, and scales and overrides a model or a training. Errors tell where in the text they are, those of a named table where
/// the table is.
///
/// # Errors
///
/// The text is no TOML or not of the form of `T`; a name has no table; a table is never named.
pub(super) fn from_str<T: DeserializeOwned>(text: &str) -> Result<T, Error> {
    let read = || {
        let mut root = DeTable::parse(text)?;
        resolve(root.get_mut())?;
        T::deserialize(Deserializer::from(root))
    };
    read().map_err(|mut error: Error| {
        error.set_input(Some(text));
        error
    })
}

fn resolve(root: &mut DeTable<'_>) -> Result<(), Error> {
    let mut networks = Named::take(root, NETWORKS)?;
    each_item(root, &mut |item| match item.get_mut("query").map(Spanned::get_mut) {
        Some(DeValue::Table(query)) => networks.put(query),
        _ => Ok(()),
    })?;
    networks.all_used()?;
    TRAINED.into_iter().try_for_each(|key| {
        let mut named = Named::take(root, key)?;
        each_scale(root, &mut |scale| named.put(scale))?;
        each_item(root, &mut |item| named.put(item))?;
        named.all_used()
    })
}

/// Tables with names, and which of them was named.
struct Named<'i> {
    key: &'static str,
    tables: DeTable<'i>,
    used: Vec<String>,
}

impl<'i> Named<'i> {
    fn take(root: &mut DeTable<'i>, key: &'static str) -> Result<Self, Error> {
        let tables = match root.remove(key).map(Spanned::into_inner) {
            None => DeTable::new(),
            Some(DeValue::Table(tables)) => tables,
            Some(other) => {
                return Err(Error::custom(format!(
                    "`{key}` is a {}, not a table of tables",
                    other.type_str()
                )));
            }
        };
        Ok(Self { key, tables, used: Vec::new() })
    }

    /// Puts a table where its name is, if a name is there.
    fn put(&mut self, owner: &mut DeTable<'i>) -> Result<(), Error> {
        let Some(place) = owner.get_mut(self.key) else { return Ok(()) };
        let Some(name) = place.get_ref().as_str().map(str::to_owned) else { return Ok(()) };
        let Some(table) = self.tables.get(name.as_str()) else {
            let known: Vec<&str> = self.tables.keys().map(|name| name.get_ref().as_ref()).collect();
            let (key, known) = (self.key, known.join(", "));
            return Err(Error::custom(format!("there is no table `[{key}.{name}]` (there are: {known})")));
        };
        *place = table.clone();
        self.used.push(name);
        Ok(())
    }

    fn all_used(&self) -> Result<(), Error> {
        match self.tables.keys().find(|name| !self.used.iter().any(|used| used == name.get_ref())) {
            Some(unused) => {
                Err(Error::custom(format!("nothing names `[{}.{}]`", self.key, unused.get_ref())))
            }
            None => Ok(()),
        }
    }
}

type Visit<'v, 'i> = &'v mut dyn FnMut(&mut DeTable<'i>) -> Result<(), Error>;

fn each_scale<'i>(root: &mut DeTable<'i>, visit: Visit<'_, 'i>) -> Result<(), Error> {
    let Some(DeValue::Table(scales)) = root.get_mut("scales").map(Spanned::get_mut) else { return Ok(()) };
    scales.iter_mut().try_for_each(|(_, scale)| match scale.get_mut() {
        DeValue::Table(scale) => visit(scale),
        _ => Ok(()),
    })
}

/// The strategies, and what scales change of them.
fn each_item<'i>(root: &mut DeTable<'i>, visit: Visit<'_, 'i>) -> Result<(), Error> {
    each_of(root, "strategies", visit)?;
    each_scale(root, &mut |scale| each_of(scale, "overrides", visit))
}

fn each_of<'i>(owner: &mut DeTable<'i>, key: &str, visit: Visit<'_, 'i>) -> Result<(), Error> {
    let Some(DeValue::Array(items)) = owner.get_mut(key).map(Spanned::get_mut) else { return Ok(()) };
    items.iter_mut().try_for_each(|item| match item.get_mut() {
        DeValue::Table(item) => visit(item),
        _ => Ok(()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "
[networks.small]
width = 4

[[strategies]]
query = { kind = 'vaal', networks = 'small' }

[[strategies]]
query = { kind = 'random' }

[[scales.quick.overrides]]
query = { kind = 'vaal', networks = 'small' }

[[scales.quick.overrides]]
query = { kind = 'vaal', networks = { width = 9 } }
training = 'long'

[scales.desk]
model = 'wide'
training = 'long'

[model.wide]
widths = [8]

[training.long]
epochs = 9
";

    fn fault(from: &str, to: &str) -> String {
        assert!(TEXT.contains(from));
        from_str::<toml::Table>(&TEXT.replace(from, to)).unwrap_err().to_string()
    }

    #[test]
    fn names_stand_for_their_tables() {
        let read: toml::Table = from_str(TEXT).unwrap();
        let plain = TEXT
            .replace("[networks.small]\nwidth = 4\n", "")
            .replace("[training.long]\nepochs = 9\n", "")
            .replace("[model.wide]\nwidths = [8]\n", "")
            .replace("'wide'", "{ widths = [8] }")
            .replace("'small'", "{ width = 4 }")
            .replace("'long'", "{ epochs = 9 }");
        assert_eq!(read, toml::from_str::<toml::Table>(&plain).unwrap());
    }

    #[test]
    fn a_name_without_a_table_and_a_table_without_a_name_are_refused() {
        assert!(
            fault("[networks.small]", "[networks.large]")
                .contains("there is no table `[networks.small]` (there are: large)")
        );
        assert!(
            fault("[networks.small]", "[networks.large]\n[networks.small]")
                .contains("nothing names `[networks.large]`")
        );
        assert!(fault("[networks.small]\nwidth = 4", "networks = 3").contains("not a table of tables"));
    }
}
