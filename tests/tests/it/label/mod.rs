//! The labelling page: its server's rules, and the page in a real browser.

mod browser;
mod file;
mod http;
mod page;
mod rules;
mod serving;
