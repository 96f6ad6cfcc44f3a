//! The `tailward` binary; all of it is in the library of the same name, so that tests can build it under another name.

use std::process::ExitCode;

fn main() -> ExitCode {
    tailward::main()
}
