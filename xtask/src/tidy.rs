//! `cargo xtask tidy`: the architecture's invariants, each with a check that fails when it breaks.

mod circles;
mod names;
mod sources;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use cargo_metadata::{Metadata, MetadataCommand};
use tailward_experiment::expected::Expected;

use crate::{experiments, workspace};

/// Which of our packages a package may depend on. An arrow that is not here is a defect.
const ARROWS: [(&str, &[&str]); 11] = [
    ("tailward-acquisition", &[]),
    ("tailward-datasets", &[]),
    ("tailward-kernels", &[]),
    ("tailward-features", &["tailward-kernels"]),
    ("tailward-models", &["tailward-kernels"]),
    ("tailward-labelling", &["tailward-acquisition", "tailward-datasets"]),
    (
        "tailward-experiment",
        &["tailward-acquisition", "tailward-datasets", "tailward-features", "tailward-labelling"],
    ),
    (
        "tailward-engine",
        &[
            "tailward-acquisition",
            "tailward-datasets",
            "tailward-experiment",
            "tailward-features",
            "tailward-kernels",
            "tailward-labelling",
            "tailward-models",
        ],
    ),
    (
        "tailward",
        &[
            "tailward-acquisition",
            "tailward-datasets",
            "tailward-engine",
            "tailward-experiment",
            "tailward-labelling",
            "tailward-models",
        ],
    ),
    ("xtask", &["tailward-datasets", "tailward-experiment", "tailward-labelling"]),
    (
        "tailward-tests",
        &[
            "tailward",
            "tailward-datasets",
            "tailward-engine",
            "tailward-experiment",
            "tailward-labelling",
            "tailward-models",
        ],
    ),
];

/// Packages that must not reach Burn by any path.
const BURN_FREE: [&str; 7] = [
    "tailward-acquisition",
    "tailward-datasets",
    "tailward-experiment",
    "tailward-features",
    "tailward-kernels",
    "tailward-labelling",
    "xtask",
];

/// Crates that compile C, C++ or assembly, or look for a library of the system, when they are built.
const FOREIGN: [&str; 14] = [
    "cc",
    "ring",
    "cmake",
    "bindgen",
    "torch-sys",
    "tch",
    "coin_cbc_sys",
    "highs-sys",
    "openblas-src",
    "blas-src",
    "intel-mkl-src",
    "openssl-sys",
    "libz-sys",
    "cudarc",
];

/// The features that choose a backend.
const BACKENDS: [&str; 6] = ["cuda", "wgpu", "vulkan", "metal", "flex", "ndarray"];

/// The files that may look at the backends' features: what devices there are, and whether the kernels were built.
const FEATURE_FILES: [&str; 2] = ["crates/engine/src/device.rs", "crates/models/src/fused/mod.rs"];

pub(crate) fn run() -> Result<()> {
    workspace::enter()?;
    let metadata = MetadataCommand::new().exec().context("failed to read the workspace's packages")?;
    let checks: [(&str, Vec<String>); 10] = [
        ("dependency arrows", arrows(&metadata)),
        ("no circle of files inside a crate", circles(&metadata)?),
        ("packages without Burn", burn_free(&metadata)),
        ("the default build is pure Rust", pure_rust()?),
        ("Python stays in its room", python(&metadata)?),
        ("backend features stay in device.rs and fused/mod.rs", backend_features()?),
        ("definitions and manifests load", definitions()?),
        ("no `allow` and no ignored test", lints()?),
        ("tracked files are small text", tracked_files()?),
        ("links in the documents lead somewhere", links()?),
    ];
    let mut broken = 0;
    for (name, faults) in checks {
        println!("{} {name}", if faults.is_empty() { "ok    " } else { "BROKEN" });
        for fault in &faults {
            println!("         {fault}");
        }
        broken += usize::from(!faults.is_empty());
    }
    if broken > 0 {
        bail!("{broken} invariants do not hold");
    }
    Ok(())
}

fn arrows(metadata: &Metadata) -> Vec<String> {
    let ours: BTreeMap<&str, &[&str]> = ARROWS.into_iter().collect();
    let mut faults = Vec::new();
    for package in metadata.workspace_packages() {
        let name = package.name.as_str();
        let Some(allowed) = ours.get(name) else {
            faults.push(format!("{name} is not part of the house (xtask/src/tidy.rs names its rooms)"));
            continue;
        };
        for dependency in &package.dependencies {
            let other = dependency.name.as_str();
            if ours.contains_key(other) && !allowed.contains(&other) {
                faults.push(format!("{name} depends on {other}"));
            }
        }
    }
    faults
}

/// Circles of files in every library and every binary of ours.
fn circles(metadata: &Metadata) -> Result<Vec<String>> {
    let mut faults = Vec::new();
    for target in metadata.workspace_packages().into_iter().flat_map(|package| &package.targets) {
        if target.is_lib() || target.is_bin() {
            let root = target.src_path.strip_prefix(&metadata.workspace_root).unwrap_or(&target.src_path);
            faults.extend(circles::faults(root.as_std_path())?);
        }
    }
    Ok(faults)
}

fn burn_free(metadata: &Metadata) -> Vec<String> {
    let Some(resolve) = &metadata.resolve else { return vec!["cargo resolved nothing".to_owned()] };
    let name_of =
        |id| metadata.packages.iter().find(|package| &package.id == id).map(|package| package.name.as_str());
    let mut faults = Vec::new();
    for package in metadata.workspace_packages().iter().filter(|it| BURN_FREE.contains(&it.name.as_str())) {
        let mut seen = BTreeSet::new();
        let mut waiting = vec![&package.id];
        while let Some(id) = waiting.pop() {
            if !seen.insert(id) {
                continue;
            }
            if let Some(node) = resolve.nodes.iter().find(|node| &node.id == id) {
                waiting.extend(node.deps.iter().map(|dependency| &dependency.pkg));
            }
        }
        for name in
            seen.into_iter().filter_map(name_of).filter(|name| name.starts_with("burn") || *name == "cubecl")
        {
            faults.push(format!("{} reaches {name}", package.name));
        }
    }
    faults
}

/// The crates of the default build, by cargo's own account of the features that are on.
fn pure_rust() -> Result<Vec<String>> {
    let output = Command::new(crate::reproduce::binary::cargo())
        .args([
            "tree",
            "--package",
            "tailward",
            "--edges",
            "normal,build",
            "--prefix",
            "none",
            "--format",
            "{p}",
        ])
        .output()
        .context("failed to start cargo tree")?;
    if !output.status.success() {
        bail!("cargo tree failed: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    let tree = String::from_utf8(output.stdout).context("cargo tree printed something else than text")?;
    let names: BTreeSet<&str> = tree.lines().filter_map(|line| line.split_whitespace().next()).collect();
    let mut faults: Vec<String> =
        FOREIGN.iter().filter(|name| names.contains(*name)).map(|name| format!("{name} is in it")).collect();
    if !names.contains("burn-flex") {
        faults.push("burn-flex is not in it, so this check looked at the wrong build".to_owned());
    }
    Ok(faults)
}

/// The wheel binds the strategies and nothing else of ours, has no circle of files, and nothing of the product knows Python.
fn python(metadata: &Metadata) -> Result<Vec<String>> {
    const WHEEL: &str = "python/Cargo.toml";
    let wheel = MetadataCommand::new().manifest_path(WHEEL).no_deps().exec();
    let wheel = wheel.with_context(|| format!("failed to read {WHEEL}"))?;
    let mut faults = circles::faults(Path::new("python/src/lib.rs"))?;
    let names: Vec<&str> = wheel
        .packages
        .iter()
        .flat_map(|package| &package.dependencies)
        .map(|dependency| dependency.name.as_str())
        .collect();
    if !names.contains(&"tailward-acquisition") {
        faults.push(
            "the wheel does not depend on tailward-acquisition, so this check looked at something else"
                .to_owned(),
        );
    }
    let others = names.iter().filter(|name| name.starts_with("tailward") && **name != "tailward-acquisition");
    faults.extend(others.map(|name| format!("the wheel depends on {name}")));
    let python = metadata.packages.iter().filter(|package| package.name.as_str() == "pyo3");
    faults.extend(python.map(|package| format!("{} is a dependency of the product", package.id)));
    Ok(faults)
}

fn backend_features() -> Result<Vec<String>> {
    let mut faults = Vec::new();
    for path in
        rust_files()?.into_iter().filter(|path| !FEATURE_FILES.iter().any(|file| path == Path::new(file)))
    {
        let text = read(&path)?;
        for (index, line) in text.lines().enumerate() {
            if BACKENDS.iter().any(|backend| line.contains(&format!("feature = \"{backend}\""))) {
                faults.push(format!("{}:{}: {}", path.display(), index + 1, line.trim()));
            }
        }
    }
    Ok(faults)
}

fn definitions() -> Result<Vec<String>> {
    let mut faults = Vec::new();
    for name in experiments::datasets()? {
        if let Err(error) = experiments::manifest(&name) {
            faults.push(format!("datasets/{name}.toml: {error:#}"));
        }
    }
    for name in experiments::names()? {
        let expected = experiments::folder(&name).join("expected.toml");
        if expected.is_file()
            && let Err(error) = Expected::load(&expected)
        {
            faults.push(error.to_string());
        }
        match experiments::load(&name) {
            Ok(definition) => {
                if definition.name != name {
                    faults.push(format!("experiments/{name} is named {}", definition.name));
                }
                let of_scales =
                    definition.scales.values().filter_map(|scale| Some(&scale.dataset.as_ref()?.name));
                for dataset in std::iter::once(&definition.dataset).chain(of_scales) {
                    if let Err(error) = experiments::manifest(dataset) {
                        faults.push(format!("experiments/{name}: {error:#}"));
                    }
                }
            }
            Err(error) => faults.push(format!("{error:#}")),
        }
    }
    Ok(faults)
}

fn lints() -> Result<Vec<String>> {
    let mut faults = Vec::new();
    for path in rust_files()? {
        let text = read(&path)?;
        for (index, line) in text.lines().enumerate() {
            let line = line.trim();
            let lazy = ["allow(", "ignore"].iter().any(|lazy| {
                line.starts_with(&format!("#[{lazy}")) || line.starts_with(&format!("#![{lazy}"))
            });
            if lazy {
                faults.push(format!("{}:{}: {line}", path.display(), index + 1));
            }
        }
    }
    Ok(faults)
}

fn tracked_files() -> Result<Vec<String>> {
    let mut faults = Vec::new();
    for path in tracked("")? {
        let Ok(metadata) = std::fs::metadata(&path) else { continue };
        if metadata.len() > 1_500_000 {
            faults.push(format!("{} has {} bytes", path.display(), metadata.len()));
        }
        let forbidden = ["bin", "bpk", "pth", "safetensors", "npy", "npz", "xz", "gz", "zip"];
        if path.extension().is_some_and(|it| forbidden.iter().any(|forbidden| it == *forbidden)) {
            faults.push(format!("{} looks like data or weights", path.display()));
        }
    }
    Ok(faults)
}

/// Relative links of the Markdown documents; addresses elsewhere are not followed.
fn links() -> Result<Vec<String>> {
    let mut faults = Vec::new();
    for path in tracked("*.md")? {
        let text = read(&path)?;
        let folder = path.parent().unwrap_or(Path::new(""));
        for target in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let target = target.split('#').next().unwrap_or_default();
            if target.is_empty() || target.contains("://") {
                continue;
            }
            if !folder.join(target).exists() {
                faults.push(format!("{} links to {target}", path.display()));
            }
        }
    }
    Ok(faults)
}

fn rust_files() -> Result<Vec<PathBuf>> {
    tracked("*.rs")
}

fn tracked(pattern: &str) -> Result<Vec<PathBuf>> {
    let mut command = Command::new("git");
    command.args(["ls-files", "--cached", "--others", "--exclude-standard"]);
    if !pattern.is_empty() {
        command.arg(pattern);
    }
    let output = command.output().context("failed to start git")?;
    if !output.status.success() {
        bail!("git ls-files failed: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(String::from_utf8(output.stdout)?.lines().map(PathBuf::from).filter(|path| path.is_file()).collect())
}

fn read(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("failed to read {}", path.display()))
}
