//! Who may answer on the labelling page: by links, and by the browsers that came through them.

use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::append_only_table::{AppendOnlyTable, TableRow};
use crate::clock::now_ms;
use crate::{Access, Error};

/// How long a browser that came through a link is known, in milliseconds: twelve hours, a day's work.
const SESSION_MS: u64 = 12 * 3600 * 1000;

/// What a row is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum What {
    /// A link that a person was given. It holds until it is taken back.
    Link,
    /// A browser that came through a link.
    Session,
    /// The person's links and browsers hold no longer.
    Revoked,
}

/// A row of the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct PersonRow {
    name: String,
    what: What,
    /// SHA-256 of the secret, in hexadecimal: what is in the file opens nothing.
    sha256: Option<String>,
    unix_ms: u64,
}

impl TableRow for PersonRow {
    const HEADER: &'static str = "name,what,sha256,unix_ms";
}

/// 128 random bits in hexadecimal.
#[derive(Clone)]
pub struct Secret(String);

/// By their hashes: how long that takes says nothing of the secrets.
impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.sha256() == other.sha256()
    }
}

impl Eq for Secret {}

impl Secret {
    /// A new one, from the operating system.
    ///
    /// # Errors
    ///
    /// The operating system gives no random bits.
    pub fn new() -> Result<Self, std::io::Error> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).map_err(std::io::Error::other)?;
        Ok(Self(hex::encode(bytes)))
    }

    /// What somebody brought, which may be anything.
    pub fn brought(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// To be shown to its owner once.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    fn sha256(&self) -> String {
        hex::encode(Sha256::digest(&self.0))
    }
}

/// A secret is in no log.
impl std::fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Secret")
    }
}

/// The file `people.csv`.
#[derive(Debug)]
pub struct PeopleTable {
    table: AppendOnlyTable<PersonRow>,
    rows: Vec<PersonRow>,
}

impl PeopleTable {
    /// The file's name in a project.
    pub const FILE: &'static str = "people.csv";

    /// Opens the table, or begins it.
    ///
    /// # Errors
    ///
    /// The file cannot be read or written, or is damaged.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let mut rows = Vec::new();
        let table = AppendOnlyTable::open(path, Access::Append, |row: PersonRow| {
            rows.push(row);
            Ok(())
        })?;
        Ok(Self { table, rows })
    }

    /// Whether a person has a link that holds.
    pub fn has_link(&self, name: &str) -> bool {
        self.holding().any(|row| row.name == name && row.what == What::Link)
    }

    /// Gives a person a link.
    ///
    /// # Errors
    ///
    /// The disk fails.
    pub fn link(&mut self, name: &str, secret: &Secret) -> Result<(), Error> {
        self.append(name, What::Link, Some(secret))
    }

    /// Takes a person's links and browsers back.
    ///
    /// # Errors
    ///
    /// The disk fails.
    pub fn revoke(&mut self, name: &str) -> Result<(), Error> {
        self.append(name, What::Revoked, None)
    }

    /// Lets in the browser of whoever brought the secret of a link, and gives its name; nobody where there is no such link.
    ///
    /// # Errors
    ///
    /// The disk fails.
    pub fn enter(&mut self, link: &Secret, session: &Secret) -> Result<Option<String>, Error> {
        let Some(name) = self.owner(What::Link, link) else { return Ok(None) };
        self.begin(&name, session)?;
        Ok(Some(name))
    }

    /// Lets in a browser of a person.
    ///
    /// # Errors
    ///
    /// The disk fails.
    pub fn begin(&mut self, name: &str, session: &Secret) -> Result<(), Error> {
        self.append(name, What::Session, Some(session))
    }

    /// Whose browser it is, if it came in within the last twelve hours.
    pub fn of_session(&self, session: &Secret) -> Option<String> {
        self.owner(What::Session, session)
    }

    fn owner(&self, what: What, secret: &Secret) -> Option<String> {
        let sha256 = Some(secret.sha256());
        let earliest = if what == What::Session { now_ms().saturating_sub(SESSION_MS) } else { 0 };
        let mut found =
            self.holding().filter(|row| row.what == what && row.sha256 == sha256 && row.unix_ms >= earliest);
        found.next().map(|row| row.name.clone())
    }

    /// The rows that nothing has taken back.
    fn holding(&self) -> impl Iterator<Item = &PersonRow> {
        self.rows.iter().enumerate().filter_map(|(place, row)| {
            let is_back = |later: &PersonRow| later.what == What::Revoked && later.name == row.name;
            (!self.rows[place..].iter().any(is_back)).then_some(row)
        })
    }

    fn append(&mut self, name: &str, what: What, secret: Option<&Secret>) -> Result<(), Error> {
        let sha256 = secret.map(Secret::sha256);
        let row = PersonRow { name: name.to_owned(), what, sha256, unix_ms: now_ms() };
        self.table.append(std::slice::from_ref(&row))?;
        self.rows.push(row);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_lets_browsers_in_until_it_is_taken_back_also_after_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(PeopleTable::FILE);
        let mut people = PeopleTable::open(&path).unwrap();
        let (link, session) = (Secret::new().unwrap(), Secret::new().unwrap());
        assert_eq!(link.reveal().len(), 32);
        assert_ne!(link, session);
        people.link("ada", &link).unwrap();
        assert_eq!(people.enter(&session, &link).unwrap(), None);
        assert_eq!(people.enter(&link, &session).unwrap().as_deref(), Some("ada"));
        assert_eq!(people.of_session(&link), None, "a link is no session");
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(!text.contains(link.reveal()) && !text.contains(session.reveal()), "{text}");
        let mut again = PeopleTable::open(&path).unwrap();
        assert_eq!(again.of_session(&session).as_deref(), Some("ada"));
        assert!(again.has_link("ada") && !again.has_link("bo"));
        again.revoke("ada").unwrap();
        assert_eq!(again.of_session(&session), None);
        assert!(!again.has_link("ada"));
        assert!(!format!("{link:?}").contains(link.reveal()));
    }

    #[test]
    fn a_browser_is_forgotten_after_twelve_hours() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(PeopleTable::FILE);
        let session = Secret::brought("x");
        PeopleTable::open(&path).unwrap().begin("ada", &session).unwrap();
        let mut rows = std::fs::read_to_string(&path).unwrap();
        let then = rows.trim_end().rsplit(',').next().unwrap().to_owned();
        rows = rows.replace(&then, &(then.parse::<u64>().unwrap() - SESSION_MS - 1).to_string());
        std::fs::write(&path, rows).unwrap();
        assert_eq!(PeopleTable::open(&path).unwrap().of_session(&session), None);
    }
}
