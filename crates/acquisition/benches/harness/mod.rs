//! What the benchmarks share: a process for each instance, time and memory.

use std::process::{Command, ExitCode};
use std::time::Instant;

/// Runs every instance whose name contains the first argument, or every one, each in a process of its own, so that the
/// peak of its memory is its own.
pub(crate) fn main(count: usize, name: fn(usize) -> String, run: fn(usize)) -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    if let [flag, index] = arguments.as_slice()
        && flag == "--instance"
    {
        run(index.parse().expect("an index"));
        return ExitCode::SUCCESS;
    }
    let filter = arguments.first().map_or("", String::as_str);
    let executable = std::env::current_exe().expect("the path of this programme");
    for index in (0..count).filter(|&index| name(index).contains(filter)) {
        let status = Command::new(&executable)
            .args(["--instance", &index.to_string()])
            .status()
            .expect("this programme starts itself");
        if !status.success() {
            eprintln!("{} ended with {status}", name(index));
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

/// What some repeats took and gave.
pub(crate) struct Measured<T> {
    /// The wall-clock time of each repeat.
    pub(crate) seconds: Vec<f64>,
    /// The process's peak of memory less what it held before, in bytes; `None` where `/proc` does not tell.
    pub(crate) peak_extra_bytes: Option<u64>,
    /// The last repeat's result.
    pub(crate) last: T,
}

pub(crate) fn measure<T>(repeats: usize, run: impl Fn() -> T) -> Measured<T> {
    let before = of_this_process("VmRSS:");
    let mut seconds = Vec::new();
    let mut last = None;
    for _ in 0..repeats {
        let start = Instant::now();
        let result = run();
        seconds.push(start.elapsed().as_secs_f64());
        last = Some(result);
    }
    let peak_extra_bytes =
        of_this_process("VmHWM:").zip(before).map(|(peak, before)| peak.saturating_sub(before));
    Measured { seconds, peak_extra_bytes, last: last.expect("at least one repeat") }
}

/// A figure of `/proc/self/status` in bytes; `None` where there is no such file.
fn of_this_process(field: &str) -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with(field))?;
    let kibibytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kibibytes * 1024)
}
