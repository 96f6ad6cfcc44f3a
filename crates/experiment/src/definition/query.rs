//! What a strategy of an experiment does.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use tailward_acquisition::{Balance, Strategy};

use super::check::{Fault, ensure};
use super::networks::VaalNetworks;

/// What a strategy of an experiment does: how it chooses, and for VAAL also what its networks are and how they are trained,
/// which is no business of choosing.
///
/// It is written as the strategy is, `{ kind = "entropy" }`, with one key more for VAAL: `networks`.
#[derive(Clone, Debug, PartialEq)]
pub struct Query {
    /// How it chooses.
    pub strategy: Strategy,
    /// VAAL's networks; absent for every other strategy.
    pub networks: Option<VaalNetworks>,
}

impl From<Strategy> for Query {
    /// A strategy without networks, as all but VAAL are.
    fn from(strategy: Strategy) -> Self {
        Self { strategy, networks: None }
    }
}

impl Query {
    /// Checks the ranges of all parameters, and that VAAL alone has networks.
    pub(super) fn validate(&self) -> Result<(), Fault> {
        self.strategy.validate().map_err(|error| ("query".to_owned(), error.to_string()))?;
        let trains = matches!(self.strategy, Strategy::Vaal { .. });
        let name = self.strategy.name();
        match &self.networks {
            Some(networks) => {
                ensure(trains, "query.networks", || format!("are given, and `{name}` has none"))?;
                networks.validate()
            }
            None => ensure(!trains, "query.networks", || format!("are absent, and `{name}` trains them")),
        }
    }
}

/// VAAL as it is written. The order of its keys is that of the hashed form, which committed records pin.
#[derive(Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
enum Written {
    Vaal {
        networks: VaalNetworks,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        balance: Option<Balance>,
    },
}

impl Serialize for Query {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match (&self.strategy, &self.networks) {
            (Strategy::Vaal { balance }, Some(networks)) => {
                Written::Vaal { networks: networks.clone(), balance: balance.clone() }.serialize(serializer)
            }
            (strategy, _) => strategy.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Query {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // Which form it is only its kind tells, and that may stand anywhere.
        let table = toml::Table::deserialize(deserializer)?;
        let is_vaal = table.get("kind").and_then(toml::Value::as_str) == Some("vaal");
        let failed = |error: toml::de::Error| D::Error::custom(error.message());
        if is_vaal {
            let Written::Vaal { networks, balance } = Written::deserialize(table).map_err(failed)?;
            return Ok(Self { strategy: Strategy::Vaal { balance }, networks: Some(networks) });
        }
        Ok(Strategy::deserialize(table).map_err(failed)?.into())
    }
}

#[cfg(test)]
mod tests {
    use tailward_acquisition::{Lambda, SolverMode};

    use super::*;

    fn vaal(balance: Option<Balance>) -> Query {
        Query { strategy: Strategy::Vaal { balance }, networks: Some(VaalNetworks::official()) }
    }

    /// The text that hashes are taken of.
    #[test]
    fn the_written_form_is_the_one_that_records_pin() {
        let networks = r#"{"latent":32,"width":128,"beta":1.0,"kl":"sum","warmup":0,"adversarial_weight":1.0,"learning_rate":0.0005,"batch_size":128,"iterations":39062,"vae_steps":2,"discriminator_steps":1,"batch_statistics":true}"#;
        let balance = Balance { lambda: Lambda::Fixed(2.0), solver: SolverMode::Auto, prediction: None };
        for (query, text) in [
            (vaal(None), format!(r#"{{"kind":"vaal","networks":{networks}}}"#)),
            (
                vaal(Some(balance)),
                format!(
                    r#"{{"kind":"vaal","networks":{networks},"balance":{{"lambda":2.0,"solver":"auto"}}}}"#
                ),
            ),
            (Strategy::Random {}.into(), r#"{"kind":"random"}"#.to_owned()),
        ] {
            assert_eq!(serde_json::to_string(&query).unwrap(), text);
            assert_eq!(serde_json::from_str::<Query>(&text).unwrap(), query);
            query.validate().unwrap();
        }
    }

    #[test]
    fn unknown_keys_and_keys_of_others_are_refused_by_name() {
        let fault = |text: &str| toml::from_str::<Query>(text).unwrap_err().to_string();
        assert!(fault("kind = 'random'\ncolour = 3").contains("unknown field `colour`"));
        assert!(fault("kind = 'random'\nnetworks = {}").contains("unknown field `networks`"));
        assert!(fault("kind = 'vaal'").contains("missing field `networks`"));
        assert!(fault("kind = 'vaal'\nnetworks = {}").contains("missing field `latent`"));
        assert!(fault("networks = {}").contains("missing field `kind`"));
        let mut networks = toml::Table::try_from(VaalNetworks::official()).unwrap();
        networks.insert("colour".to_owned(), 3.into());
        let mut query = toml::Table::new();
        query.insert("kind".to_owned(), "vaal".into());
        query.insert("networks".to_owned(), networks.into());
        assert!(fault(&query.to_string()).contains("unknown field `colour`"));
    }

    #[test]
    fn networks_go_with_vaal_and_stay_in_their_ranges() {
        let official = VaalNetworks::official;
        for (query, field, reason) in [
            (Strategy::Vaal { balance: None }.into(), "query.networks", "are absent, and `vaal` trains them"),
            (
                Query { strategy: Strategy::Random {}, networks: Some(official()) },
                "query.networks",
                "are given, and `random` has none",
            ),
            (with(VaalNetworks { latent: 0, ..official() }), "query.networks.latent", "0 is less than 1"),
            (
                with(VaalNetworks { batch_size: 1, ..official() }),
                "query.networks.batch_size",
                "1 is less than 2",
            ),
            (
                with(VaalNetworks { iterations: 0, ..official() }),
                "query.networks.iterations",
                "0 is less than 1",
            ),
            (
                with(VaalNetworks { beta: -1.0, ..official() }),
                "query.networks.beta",
                "-1 is not finite and not negative",
            ),
            (
                with(VaalNetworks { learning_rate: 0.0, ..official() }),
                "query.networks.learning_rate",
                "0 is not finite and positive",
            ),
        ] {
            assert_eq!(query.validate(), Err((field.to_owned(), reason.to_owned())));
        }
    }

    fn with(networks: VaalNetworks) -> Query {
        Query { strategy: Strategy::Vaal { balance: None }, networks: Some(networks) }
    }
}
