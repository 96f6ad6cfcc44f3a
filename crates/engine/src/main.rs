//! The `tailward` binary; all of it is in [`tailward::cli`].

use std::process::ExitCode;

fn main() -> ExitCode {
    tailward::cli::main()
}
