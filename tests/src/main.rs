//! The `tailward` binary again, so that cargo builds it before the tests of this package run it.

use std::process::ExitCode;

fn main() -> ExitCode {
    tailward::main()
}
