//! The calendar, as far as records need it.

use jiff::Timestamp;

/// The present moment in RFC 3339 form, in UTC, to the second.
pub fn now_rfc3339() -> String {
    rfc3339(Timestamp::now())
}

fn rfc3339(moment: Timestamp) -> String {
    moment.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As records have been written from the first on.
    #[test]
    fn seconds_are_whole_and_the_zone_is_a_letter() {
        let moment = Timestamp::new(1_795_324_739, 999_999_999).unwrap();
        assert_eq!(rfc3339(moment), "2026-11-22T05:18:59Z");
    }
}
