//! Where and with what a run happens, for the header of its record.

use tailward_experiment::record::Host;

use crate::device::Backend;

/// Burn's version, as Cargo.toml pins it.
pub const BURN_VERSION: &str = "0.22.1";

/// Describes this process, whose binary was built from `revision`.
pub fn describe(backend: Backend, revision: &str) -> Host {
    Host {
        tailward: env!("CARGO_PKG_VERSION").to_owned(),
        revision: revision.to_owned(),
        burn: BURN_VERSION.to_owned(),
        device: backend.to_string(),
        processor: processor(),
        threads: std::thread::available_parallelism().map_or(1, usize::from),
        system: format!("{}-{}", std::env::consts::OS, std::env::consts::ARCH),
        kernels: backend.device().ok().and_then(|device| tailward_models::kernels(&device)),
    }
}

/// The processor's model name, where the operating system tells it.
fn processor() -> String {
    let told = std::fs::read_to_string("/proc/cpuinfo").ok().and_then(|text| {
        let line = text.lines().find(|line| line.starts_with("model name"))?;
        Some(line.split_once(':')?.1.trim().to_owned())
    });
    told.unwrap_or_else(|| "unknown".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_of_burn_is_the_one_that_is_pinned() {
        let manifest = include_str!("../../../Cargo.toml");
        assert!(manifest.contains(&format!("burn = {{ version = \"={BURN_VERSION}\"")));
    }
}
