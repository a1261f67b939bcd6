//! Rate limits as the command line has them.

use std::collections::HashMap;

use anyhow::bail;
use domain::ids::MemberId;
use gateway::rate_limits::{RateLimit, RateLimits};

/// The word for a member that has no limit.
const NONE: &str = "none";

/// `600:50`: six hundred requests per minute, fifty at once. A single number sets both.
///
/// # Errors
/// Says which part of the text is wrong.
pub fn of_text(text: &str) -> Result<RateLimit, String> {
    let (per_minute, burst) = text.split_once(':').unwrap_or((text, text));
    let number = |part: &str| part.parse().ok().filter(|number| *number > 0);
    match (number(per_minute), number(burst)) {
        (Some(per_minute), Some(burst)) => Ok(RateLimit { per_minute, burst }),
        _ => Err("should be requests per minute, or also how many at once: 600:50".to_owned()),
    }
}

/// `m:…=600:50`, `m:…=none`.
///
/// # Errors
/// Says which part of the text is wrong.
pub fn of_member(text: &str) -> Result<(MemberId, Option<RateLimit>), String> {
    let (member, limit) =
        text.split_once('=').ok_or("should be a member and its limit: m:…=600:50")?;
    let member = member.parse().map_err(|_| format!("`{member}` is not a member's id"))?;
    let limit = if limit == NONE { None } else { Some(of_text(limit)?) };
    Ok((member, limit))
}

/// The operator's limits, all of them of members that there are.
///
/// # Errors
/// Names a member that does not exist, and those that do.
pub fn all(
    default: Option<RateLimit>,
    of_members: &[(MemberId, Option<RateLimit>)],
    members: &[MemberId],
) -> anyhow::Result<RateLimits> {
    if let Some((stranger, _)) = of_members.iter().find(|(member, _)| !members.contains(member)) {
        let members: Vec<&str> = members.iter().map(MemberId::as_str).collect();
        let members = members.join(", ");
        bail!(
            "--member-rate-limit names {stranger}, which is not a member here; expected is one of {members}"
        );
    }
    let by_member: HashMap<MemberId, Option<RateLimit>> = of_members.iter().cloned().collect();
    Ok(RateLimits { default, by_member })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_one_number_or_two() {
        assert_eq!(of_text("60"), Ok(RateLimit { per_minute: 60, burst: 60 }));
        assert_eq!(of_text("600:50"), Ok(RateLimit { per_minute: 600, burst: 50 }));
        for wrong in ["", "0", "60:0", "0:1", "-1", "60:", ":1", "1:2:3", "1.5", "4294967296"] {
            assert!(of_text(wrong).unwrap_err().contains("600:50"), "{wrong}");
        }
    }

    #[test]
    fn a_members_limit_names_the_member() {
        let member: MemberId = "m:a:b".parse().unwrap();
        let limit = Some(RateLimit { per_minute: 60, burst: 2 });
        assert_eq!(of_member("m:a:b=60:2"), Ok((member.clone(), limit)));
        assert_eq!(of_member("m:a:b=none"), Ok((member, None)));
        for (wrong, word) in
            [("m:a:b", "m:…=600:50"), ("pm2:a:b=1", "pm2:a:b"), ("m:a:b=", "600:50"), ("=1", "``")]
        {
            assert!(of_member(wrong).unwrap_err().contains(word), "{wrong}");
        }
    }

    #[test]
    fn a_limit_of_a_member_that_does_not_exist_is_refused() {
        let member = |text: &str| text.parse::<MemberId>().unwrap();
        let limits = [(member("m:a:b"), None)];
        let found = all(None, &limits, &[member("m:a:b")]).unwrap();
        assert_eq!(found.by_member.get(&member("m:a:b")), Some(&None));
        let refused = all(None, &limits, &[member("m:c:d")]).unwrap_err().to_string();
        assert!(refused.contains("m:a:b") && refused.contains("m:c:d"), "{refused}");
    }
}
