//! What `tailward label` is told on the command line.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use tailward_labelling::project::IMPORTED;

/// The name of whoever works alone.
pub(super) const ALONE: &str = "me";

/// Arguments of `tailward label`.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The project's folder.
    pub(super) project: PathBuf,
    /// Who labels; give it once for each person. Each gets a link and a queue of their own. Without it there is one person, `me`, and
    /// the link works once.
    #[arg(long = "annotator", value_name = "NAME", value_parser = name)]
    pub(super) annotators: Vec<String>,
    /// The share of images that two people label, from 0 to 1; of the audit it is 0.2 at least.
    #[arg(long, value_name = "SHARE", default_value_t = 0.0, value_parser = share)]
    pub(super) overlap: f64,
    /// How many labels to ask for at a time; by default the `batch` of tailward.toml.
    #[arg(long, value_name = "LABELS", value_parser = clap::value_parser!(u64).range(1..))]
    pub(super) batch: Option<u64>,
    /// Where to listen; by default this computer alone, at the port of the last time. Others reach it at an address of this computer or
    /// 0.0.0.0, if --annotator names them. What is sent can be read by others on the way: no more than a network that you trust.
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub(super) listen: Option<SocketAddr>,
    /// A name by which others reach this computer, such as `lab3.local`; give it once for each.
    #[arg(long = "host", value_name = "NAME")]
    pub(super) hosts: Vec<String>,
    /// Give everybody named a new link; the old ones and the browsers that came through them hold no longer.
    #[arg(long)]
    pub(super) new_links: bool,
}

const EXAMPLES: &str = "\
Examples:
  tailward label lynxes
  tailward label lynxes --annotator ada --annotator bo --overlap 0.1
  tailward label lynxes --listen 0.0.0.0:8080 --annotator ada --annotator bo

A press is on the disk before the page says so; ctrl+C or a power cut loses nothing.";

fn name(text: &str) -> Result<String, String> {
    if text.trim() != text
        || text.is_empty()
        || text.chars().count() > 60
        || text.chars().any(char::is_control)
    {
        return Err("a name has 1 to 60 characters, no line breaks, and no space at its ends".to_owned());
    }
    if text == IMPORTED {
        return Err(format!(
            "`{IMPORTED}` is what labels are said by that were there at the beginning; take another name"
        ));
    }
    Ok(text.to_owned())
}

fn share(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(share) if (0.0..=1.0).contains(&share) => Ok(share),
        _ => Err("a share is a number from 0 to 1".to_owned()),
    }
}
