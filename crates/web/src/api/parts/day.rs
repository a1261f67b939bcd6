//! Days on the wire.

use jiff::civil::Date;

/// A day in one of its two published forms, `2026-04-29` or `20260429`. A time or a
/// zone behind it is refused, because its meaning for the day is not defined.
pub(crate) fn plain_day(text: &str) -> Option<Date> {
    let digits: String = match text.as_bytes() {
        [_, _, _, _, b'-', _, _, b'-', _, _] => text.replace('-', ""),
        _ => text.to_owned(),
    };
    let sound = digits.len() == 8 && digits.bytes().all(|byte| byte.is_ascii_digit());
    sound.then(|| Date::strptime("%Y%m%d", &digits).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_has_two_forms() {
        let day = Date::constant(2026, 4, 29);
        for text in ["2026-04-29", "20260429"] {
            assert_eq!(plain_day(text), Some(day), "{text}");
        }
        for text in
            ["", "2026-4-29", "202604290", "2026-04-31", "20261301", "2026-04-2é", "-260429", "x"]
        {
            assert_eq!(plain_day(text), None, "{text}");
        }
    }
}
