//! The wheel for Python, as somebody gets it: built, installed in a fresh environment, tested beside the binary, and its examples
//! run.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::reproduce::binary::cargo;

/// What its tests and examples use. modAL's last version calls what scikit-learn 1.8 has removed.
const PACKAGES: [&str; 7] =
    ["maturin>=1.7,<2", "numpy", "pytest", "mypy", "scikit-activeml", "modAL-python", "scikit-learn<1.8"];

/// The last scikit-activeml whose package has its template of tests for query strategies. Its tests alone are taken from it.
const WITH_TESTS: &str = "scikit-activeml==0.6.1";

/// An environment of Python that has what is needed.
#[derive(Debug)]
pub(crate) struct Environment {
    folder: PathBuf,
}

impl Environment {
    /// Makes one below `target`, from nothing.
    ///
    /// # Errors
    ///
    /// What was left from an earlier time cannot be removed. The inner error says what this machine cannot have: Python, or
    /// packages for it.
    pub(crate) fn make() -> Result<Result<Self, String>> {
        let folder = std::path::absolute(Path::new("target").join("ci-wheel"))?;
        if folder.exists() {
            std::fs::remove_dir_all(&folder)
                .with_context(|| format!("failed to remove {}", folder.display()))?;
        }
        let environment = Self { folder };
        let venv = environment.folder.join("venv");
        if ran(Command::new("python3").args(["-m", "venv"]).arg(venv)).is_err() {
            return Ok(Err("python3 with its module venv is not there".to_owned()));
        }
        let mut install = environment.tool("pip");
        install.args(["install", "--quiet", "--no-compile"]).args(PACKAGES);
        let mut template = environment.tool("pip");
        template
            .args(["install", "--quiet", "--no-compile", "--no-deps", WITH_TESTS, "--target"])
            .arg(environment.template());
        for command in [&mut install, &mut template] {
            if let Err(error) = ran(command) {
                return Ok(Err(format!("packages of Python could not be had ({error:#})")));
            }
        }
        Ok(Ok(environment))
    }

    /// Builds the wheel, and checks it.
    ///
    /// # Errors
    ///
    /// Something that should hold does not.
    pub(crate) fn check(&self, binary: &Path) -> Result<()> {
        let manifest = Path::new("python").join("Cargo.toml");
        // Dependencies that the product's tests were built with are used again.
        let target = std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into());
        let target = std::path::absolute(target)?;
        let of = |arguments: &[&str], after: &[&str]| {
            let mut command = Command::new(cargo());
            command.args(arguments).arg("--manifest-path").arg(&manifest).args(after);
            command.env("CARGO_TARGET_DIR", &target);
            command
        };
        ran(&mut of(&["fmt"], &["--check"]))?;
        ran(&mut of(&["clippy", "--quiet", "--locked"], &["--", "--deny", "warnings"]))?;
        let dist = self.folder.join("dist");
        let mut build = self.tool("maturin");
        build.args(["build", "--quiet", "--profile", "dev", "--locked", "--manifest-path"]).arg(&manifest);
        build.arg("--out").arg(&dist).env("CARGO_TARGET_DIR", &target);
        ran(&mut build)?;
        let wheel = std::fs::read_dir(&dist)
            .with_context(|| format!("failed to read {}", dist.display()))?
            .next()
            .context("no wheel was built")??
            .path();
        ran(self.tool("pip").args(["install", "--quiet", "--no-deps"]).arg(wheel))?;
        let tests = std::path::absolute(Path::new("python").join("tests"))?;
        // Not from the package's own folder, whose sources would be taken for the wheel.
        let mut test = self.tool("pytest");
        test.current_dir(&self.folder).arg("-q").arg("-rs").arg("-p").arg("no:cacheprovider").arg(tests);
        test.env("TAILWARD_BINARY", std::path::absolute(binary)?);
        test.env("TAILWARD_SKACTIVEML_TESTS", self.template().join("skactiveml"));
        test.env("PYTHONDONTWRITEBYTECODE", "1");
        ran(&mut test)?;
        self.examples()
    }

    fn examples(&self) -> Result<()> {
        let folder = std::path::absolute(Path::new("python").join("examples"))?;
        let mut examples = Vec::new();
        for entry in std::fs::read_dir(&folder).context("failed to list the examples")? {
            examples.push(entry?.path());
        }
        examples.retain(|path| path.extension().is_some_and(|it| it == "py"));
        examples.sort();
        if examples.is_empty() {
            bail!("{} has no examples", folder.display());
        }
        for example in examples {
            ran(self.tool("python").arg("-B").arg(example).current_dir(&self.folder))?;
        }
        Ok(())
    }

    /// A program of the environment.
    fn tool(&self, name: &str) -> Command {
        let programs = if cfg!(windows) { "Scripts" } else { "bin" };
        let mut command = Command::new(self.folder.join("venv").join(programs).join(name));
        command.env("VIRTUAL_ENV", self.folder.join("venv")).env("PIP_DISABLE_PIP_VERSION_CHECK", "1");
        command
    }

    fn template(&self) -> PathBuf {
        self.folder.join("with-tests")
    }
}

fn ran(command: &mut Command) -> Result<()> {
    println!("== {}", told(command));
    let status = command.status().with_context(|| format!("failed to start {}", told(command)))?;
    if !status.success() {
        bail!("{} ended with {status}", told(command));
    }
    Ok(())
}

fn told(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or(command.get_program());
    let words = std::iter::once(program).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}
