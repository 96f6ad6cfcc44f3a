//! What a device that fails says of it. Burn reports it by panicking, often in a thread of the device, so that the words of a
//! panic are all there is to tell a device's failure from a bug.

use std::fmt;

/// Why a device failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// It has no memory for what it was asked to hold.
    OutOfMemory,
    /// It was reset, taken away, or does nothing any more after a fault.
    Lost,
    /// There is none, or its driver cannot be loaded.
    Absent,
    /// It refused something else that it was asked to compute.
    Refused,
}

/// What was asked of a device, for the sentence that says that it failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Work {
    /// The device, as the subject of the sentence.
    pub device: String,
    /// What it was doing, with the sizes that memory depends on.
    pub doing: String,
    /// What is true afterwards: a sentence, or nothing.
    pub afterwards: &'static str,
}

/// A device's failure in its own words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Why it failed.
    pub cause: Cause,
    /// What it said, on one line and without a stack trace.
    pub words: String,
}

/// What devices say, in lower case, with what it means. The first that is found decides.
///
/// The words are those of cubecl-runtime 0.11.3 (`server/base.rs`: `IoError`, `LaunchError`, `ServerError`), cubecl-wgpu
/// 0.11.3 (`runtime.rs`, `compute/device_poison.rs`), cubecl-common 0.11.3 (`device/handle/base.rs`), wgpu 30.0.1 (`Error`),
/// cudarc 0.19.10 (names of CUDA's errors) and burn-std 0.22.1 (`ExecutionError`).
const SAID: [(&str, Cause); 20] = [
    ("out of memory", Cause::OutOfMemory),
    ("out of device memory", Cause::OutOfMemory),
    ("out_of_memory", Cause::OutOfMemory),
    ("can't allocate", Cause::OutOfMemory),
    ("not enough memory left", Cause::OutOfMemory),
    ("no adapter available", Cause::Absent),
    ("unable to dynamically load the", Cause::Absent),
    ("cuda_error_no_device", Cause::Absent),
    ("cuda_error_invalid_device", Cause::Absent),
    ("cuda_error_stub_library", Cause::Absent),
    ("cuda_error_system_driver_mismatch", Cause::Absent),
    ("device is poisoned", Cause::Lost),
    ("device was poisoned", Cause::Lost),
    ("device is lost", Cause::Lost),
    ("device was lost", Cause::Lost),
    ("device runner channel disconnected", Cause::Lost),
    ("cuda_error_", Cause::Lost),
    ("an error happened during execution", Cause::Refused),
    ("error while reading data: use `try_into_data`", Cause::Refused),
    ("an error happened during launch", Cause::Refused),
];

/// Characters of a device's words that are passed on.
const WORDS: usize = 400;

impl Failure {
    /// What the words of a panic say of a device; `None` where they say nothing of one, which makes the panic a bug.
    pub fn in_words(words: &str) -> Option<Self> {
        let lower = words.to_lowercase();
        let (_, cause) = SAID.into_iter().find(|(said, _)| lower.contains(said))?;
        Some(Self { cause, words: one_line(words) })
    }

    /// What to do about it.
    pub fn advice(&self) -> &'static str {
        match self.cause {
            Cause::OutOfMemory => {
                "free the device of other programs, start fewer runs beside each other (`--jobs`), or take a device with more \
                 memory; a smaller batch needs less of it, but makes another definition"
            }
            Cause::Lost => {
                "look into the system's log for the driver's reason, and restart the driver or the machine if the device stays away"
            }
            Cause::Absent => {
                "install the device's driver, or choose what the machine has (`--backend flex` needs no device)"
            }
            Cause::Refused => {
                "see what `cargo xtask check-gpu` says of the device, and report it with that; `--backend flex` needs no device"
            }
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self.cause {
            Cause::OutOfMemory => "ran out of memory",
            Cause::Lost => "was lost",
            Cause::Absent => "could not be opened",
            Cause::Refused => "could not compute what it was asked for",
        })
    }
}

/// The words up to a stack trace, on one line, cut where they get long.
fn one_line(words: &str) -> String {
    // An error within an error is shown with its line breaks written out.
    let broken = words.replace("\\n", "\n");
    let before = broken.split("Backtrace").next().unwrap_or_default();
    let line = before.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(WORDS) {
        Some((end, _)) => format!("{} …", &line[..end]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cause(words: &str) -> Option<Cause> {
        Failure::in_words(words).map(|failure| failure.cause)
    }

    #[test]
    fn the_words_of_devices_are_understood() {
        for (words, expected) in [
            ("wgpu error: Out of Memory\n", Cause::OutOfMemory),
            ("out of device memory allocating 512 bytes\n   0: a::b", Cause::OutOfMemory),
            ("can't allocate buffer of size: 1099511627776\n", Cause::OutOfMemory),
            (
                "called `Result::unwrap()` on an `Err` value: DriverError(CUDA_ERROR_OUT_OF_MEMORY)",
                Cause::OutOfMemory,
            ),
            ("No adapter available for DefaultDevice: No possible adapter available", Cause::Absent),
            ("Unable to dynamically load the \"cuda\" shared library - searched for", Cause::Absent),
            ("DriverError(CUDA_ERROR_NO_DEVICE, \"no CUDA-capable device is detected\")", Cause::Absent),
            ("The device is poisoned\nCaused by:\n  CUDA_ERROR_ILLEGAL_ADDRESS", Cause::Lost),
            ("wgpu error: Validation Error: Parent device is lost", Cause::Lost),
            ("DriverError(CUDA_ERROR_LAUNCH_TIMEOUT)", Cause::Lost),
            ("An error happened during execution\nCaused by:\n  a kernel", Cause::Refused),
        ] {
            assert_eq!(cause(words), Some(expected), "{words}");
        }
    }

    #[test]
    fn a_bug_is_no_failure_of_a_device() {
        for words in [
            "index out of bounds: the len is 3 but the index is 3",
            "assertion `left == right` failed: one label for each image",
            "every request is answered",
            "wgpu error: Validation Error\n  In Device::create_bind_group",
            "",
        ] {
            assert_eq!(Failure::in_words(words), None, "{words}");
        }
    }

    #[test]
    fn stack_traces_are_left_out() {
        let words = "Error while reading data: use `try_into_data` instead: WithContext { reason: \"An error happened\\nCaused \
                     by:\\n  out of device memory allocating 8 bytes\\nBacktrace:\\n 0: core::panic\" }";
        let failure = Failure::in_words(words).unwrap();
        assert_eq!(failure.cause, Cause::OutOfMemory);
        assert!(failure.words.ends_with("out of device memory allocating 8 bytes"), "{}", failure.words);
        let long = Failure::in_words(&format!("out of memory {}", "ä".repeat(2 * WORDS))).unwrap();
        assert_eq!(long.words.chars().count(), WORDS + 2);
    }
}
