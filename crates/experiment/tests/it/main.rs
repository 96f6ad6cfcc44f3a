//! The crate seen from outside: definitions, records and reports of made-up experiments.

// `cfg(test)` always holds here; it tells the linter that helpers are part of tests.
#[cfg(test)]
mod claims;
#[cfg(test)]
mod definition;
#[cfg(test)]
mod desk;
#[cfg(test)]
mod fixture;
#[cfg(test)]
mod opening;
#[cfg(test)]
mod pinned;
mod published_selections;
#[cfg(test)]
mod record;
#[cfg(test)]
mod report;
#[cfg(test)]
mod run_file;
