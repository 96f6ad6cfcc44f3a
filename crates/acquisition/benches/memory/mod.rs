//! How much memory a benchmark takes.

/// A figure of `/proc/self/status` in bytes; `None` where there is no such file.
pub(crate) fn of_this_process(field: &str) -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with(field))?;
    let kibibytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kibibytes * 1024)
}
