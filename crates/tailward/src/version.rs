//! Which source this binary was built from, as its build script found it.

/// The git revision, with `-dirty` if what is compiled differed from it; `unknown` outside a repository.
pub(crate) const REVISION: &str = env!("TAILWARD_REVISION");

/// What `tailward --version` says.
pub(crate) const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), " (", env!("TAILWARD_REVISION"), ")");
