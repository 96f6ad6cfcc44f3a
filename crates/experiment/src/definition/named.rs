//! What a definition says once and uses often: tables with names.
//!
//! `[networks.official]` holds VAAL's networks, and `networks = "official"` in a query stands for that table. Names are gone
//! once a definition is read: what runs, and what hashes are taken of, holds the values themselves.

use serde::de::{DeserializeOwned, Error as _};
use toml::Spanned;
use toml::de::{DeTable, DeValue, Deserializer, Error};

/// The key of the named tables, and the key of a query that may name one.
const NETWORKS: &str = "networks";

/// Parses a text in which queries may name networks. Errors tell where in the text they are, those of a named table where
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
    let tables = match root.remove(NETWORKS).map(Spanned::into_inner) {
        None => DeTable::new(),
        Some(DeValue::Table(tables)) => tables,
        Some(other) => {
            return Err(Error::custom(format!(
                "`{NETWORKS}` is a {}, not a table of tables",
                other.type_str()
            )));
        }
    };
    let mut named = Vec::new();
    for query in queries(root) {
        let Some(place) = query.get_mut(NETWORKS) else { continue };
        let Some(name) = place.get_ref().as_str().map(str::to_owned) else { continue };
        let table = tables.get(name.as_str()).ok_or_else(|| {
            let known: Vec<&str> = tables.keys().map(|name| name.get_ref().as_ref()).collect();
            Error::custom(format!(
                "there is no table `[{NETWORKS}.{name}]` (there are: {})",
                known.join(", ")
            ))
        })?;
        *place = table.clone();
        named.push(name);
    }
    match tables.keys().find(|name| !named.iter().any(|used| used == name.get_ref())) {
        Some(unused) => Err(Error::custom(format!("no query names `[{NETWORKS}.{}]`", unused.get_ref()))),
        None => Ok(()),
    }
}

/// The queries of the strategies, and of what scales change of them.
fn queries<'t, 'i>(root: &'t mut DeTable<'i>) -> Vec<&'t mut DeTable<'i>> {
    let mut found = Vec::new();
    for (key, value) in root.iter_mut() {
        match (key.get_ref().as_ref(), value.get_mut()) {
            ("strategies", DeValue::Array(strategies)) => found.extend(each_query(strategies)),
            ("scales", DeValue::Table(scales)) => {
                for (_, scale) in scales.iter_mut() {
                    let DeValue::Table(scale) = scale.get_mut() else { continue };
                    if let Some(DeValue::Array(changes)) = scale.get_mut("overrides").map(Spanned::get_mut) {
                        found.extend(each_query(changes));
                    }
                }
            }
            _ => {}
        }
    }
    found
}

fn each_query<'t, 'i: 't>(items: &'t mut toml::de::DeArray<'i>) -> impl Iterator<Item = &'t mut DeTable<'i>> {
    items.iter_mut().filter_map(|item| {
        let DeValue::Table(item) = item.get_mut() else { return None };
        match item.get_mut("query").map(Spanned::get_mut) {
            Some(DeValue::Table(query)) => Some(query),
            _ => None,
        }
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
";

    fn fault(from: &str, to: &str) -> String {
        assert!(TEXT.contains(from));
        from_str::<toml::Table>(&TEXT.replace(from, to)).unwrap_err().to_string()
    }

    #[test]
    fn names_stand_for_their_tables_wherever_queries_are() {
        let read: toml::Table = from_str(TEXT).unwrap();
        let plain = TEXT.replace("[networks.small]\nwidth = 4\n", "").replace("'small'", "{ width = 4 }");
        assert_eq!(read, toml::from_str::<toml::Table>(&plain).unwrap());
    }

    #[test]
    fn a_name_without_a_table_and_a_table_without_a_name_are_refused() {
        assert!(
            fault("[networks.small]", "[networks.large]")
                .contains("there is no table `[networks.small]` (there are: large)")
        );
        assert!(fault("[networks.small]", "[networks.large]\n[networks.small]").contains("no query names"));
        assert!(fault("[networks.small]\nwidth = 4", "networks = 3").contains("not a table of tables"));
    }
}
