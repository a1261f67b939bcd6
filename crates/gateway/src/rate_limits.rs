//! How many requests a member may send: one token bucket per member, in this process's memory.
//!
//! With several processes behind one address each counts for itself, so together they let through
//! as many times more.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, PoisonError};

use domain::ids::MemberId;
use jiff::Timestamp;

/// Members that are counted at the same time. Above this number, members whose bucket is full are
/// dropped; if none is full, all are dropped.
const BUCKETS_MAX: usize = 10_000;
/// A request in the units of a bucket: a bucket of one request per minute fills by one unit each
/// millisecond.
const UNITS_PER_REQUEST: u64 = 60_000;

/// How many requests one member may send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimit {
    /// Requests per minute in the long run, from 1.
    pub per_minute: u32,
    /// Requests at once, from 1.
    pub burst: u32,
}

/// The operator's limits; without any, nothing is counted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RateLimits {
    /// For each member that has none of its own.
    pub default: Option<RateLimit>,
    /// For some members; `None` is without a limit.
    pub by_member: HashMap<MemberId, Option<RateLimit>>,
}

impl RateLimits {
    fn of(&self, member_id: &MemberId) -> Option<RateLimit> {
        self.by_member.get(member_id).copied().unwrap_or(self.default)
    }
}

/// A member's remaining requests after a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    /// Requests at once, at most.
    pub limit: u32,
    /// Requests that would be let through now.
    pub remaining: u32,
    /// Until all of them would be let through again, in seconds, rounded up.
    pub reset_s: u64,
    /// Where this request is one too many: when the next is let through, in seconds, from 1.
    pub retry_after_s: Option<u64>,
}

#[derive(Debug, Clone, Copy)]
struct Bucket {
    units: u64,
    at: Timestamp,
}

impl Bucket {
    /// The bucket as it is at `now`. A clock that goes back fills nothing.
    fn filled(self, limit: RateLimit, now: Timestamp) -> Bucket {
        let passed_ms = now.as_millisecond().saturating_sub(self.at.as_millisecond());
        let passed_ms = u64::try_from(passed_ms).unwrap_or(0);
        let more = passed_ms.saturating_mul(u64::from(limit.per_minute.max(1)));
        Bucket { units: self.units.saturating_add(more).min(capacity(limit)), at: now }
    }
}

fn capacity(limit: RateLimit) -> u64 {
    u64::from(limit.burst.max(1)) * UNITS_PER_REQUEST
}

/// Failed authentications that are looked up in the long run and at once, whoever they claim to be.
const FAILURES: RateLimit = RateLimit { per_minute: 1_200, burst: 200 };
/// The most credentials that are remembered as valid; above it, all are forgotten.
const GOOD_MAX: usize = 10_000;

/// Bounds how often the database is asked about credentials that turn out to be wrong. Credentials
/// that were right in this process pass, so that nobody locks a member out by failing in its name.
#[derive(Debug, Default)]
pub struct Failures {
    bucket: Mutex<Option<Bucket>>,
    good: Mutex<HashSet<(MemberId, String)>>,
}

impl Failures {
    /// Whether the credentials may be looked up; otherwise in how many seconds, from 1.
    pub(crate) fn check(&self, key: &(MemberId, String), now: Timestamp) -> Result<(), u64> {
        if self.good.lock().unwrap_or_else(PoisonError::into_inner).contains(key) {
            return Ok(());
        }
        let mut bucket = self.bucket.lock().unwrap_or_else(PoisonError::into_inner);
        let full = Bucket { units: capacity(FAILURES), at: now };
        let filled = bucket.unwrap_or(full).filled(FAILURES, now);
        *bucket = Some(filled);
        let per_second = u64::from(FAILURES.per_minute) * 1_000;
        match UNITS_PER_REQUEST.checked_sub(filled.units) {
            None | Some(0) => Ok(()),
            Some(missing) => Err(missing.div_ceil(per_second).max(1)),
        }
    }

    /// The credentials are right.
    pub(crate) fn succeeded(&self, key: (MemberId, String)) {
        let mut good = self.good.lock().unwrap_or_else(PoisonError::into_inner);
        if good.len() >= GOOD_MAX {
            good.clear();
        }
        good.insert(key);
    }

    /// The credentials are wrong.
    pub(crate) fn failed(&self, now: Timestamp) {
        let mut bucket = self.bucket.lock().unwrap_or_else(PoisonError::into_inner);
        let full = Bucket { units: capacity(FAILURES), at: now };
        let mut filled = bucket.unwrap_or(full).filled(FAILURES, now);
        filled.units = filled.units.saturating_sub(UNITS_PER_REQUEST);
        *bucket = Some(filled);
    }
}

/// The buckets of all members.
#[derive(Debug, Default)]
pub struct Buckets {
    by_member: Mutex<HashMap<MemberId, Bucket>>,
}

impl Buckets {
    /// Counts a request; `None` if the member has no limit.
    pub fn take(
        &self,
        limits: &RateLimits,
        member_id: &MemberId,
        now: Timestamp,
    ) -> Option<Allowance> {
        let limit = limits.of(member_id)?;
        let mut buckets = self.by_member.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= BUCKETS_MAX && !buckets.contains_key(member_id) {
            forget_full(&mut buckets, limits, now);
        }
        let bucket =
            buckets.entry(member_id.clone()).or_insert(Bucket { units: capacity(limit), at: now });
        *bucket = bucket.filled(limit, now);
        let taken = bucket.units.checked_sub(UNITS_PER_REQUEST);
        let per_second = u64::from(limit.per_minute.max(1)) * 1_000;
        let retry_after_s = match taken {
            Some(left) => {
                bucket.units = left;
                None
            }
            None => Some((UNITS_PER_REQUEST - bucket.units).div_ceil(per_second).max(1)),
        };
        let remaining = u32::try_from(bucket.units / UNITS_PER_REQUEST).unwrap_or(u32::MAX);
        let reset_s = (capacity(limit) - bucket.units).div_ceil(per_second);
        Some(Allowance { limit: limit.burst.max(1), remaining, reset_s, retry_after_s })
    }
}

fn forget_full(buckets: &mut HashMap<MemberId, Bucket>, limits: &RateLimits, now: Timestamp) {
    buckets.retain(|member_id, bucket| {
        limits.of(member_id).is_some_and(|limit| bucket.filled(limit, now).units < capacity(limit))
    });
    if buckets.len() >= BUCKETS_MAX {
        buckets.clear();
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    fn member(number: usize) -> MemberId {
        format!("m:{number}:a").parse().unwrap()
    }

    fn at(milliseconds: i64) -> Timestamp {
        let start: Timestamp = "2026-01-05T10:00:00Z".parse().unwrap();
        start + SignedDuration::from_millis(milliseconds)
    }

    fn limits(per_minute: u32, burst: u32) -> RateLimits {
        let default = Some(RateLimit { per_minute, burst });
        RateLimits { default, by_member: HashMap::new() }
    }

    #[test]
    fn a_burst_is_let_through_and_then_one_request_as_often_as_the_limit_says() {
        let (buckets, limits) = (Buckets::default(), limits(60, 3));
        let take = |milliseconds| buckets.take(&limits, &member(1), at(milliseconds)).unwrap();
        let allowed =
            |remaining, reset_s| Allowance { limit: 3, remaining, reset_s, retry_after_s: None };
        assert_eq!(take(0), allowed(2, 1));
        assert_eq!(take(0), allowed(1, 2));
        assert_eq!(take(0), allowed(0, 3));
        let refused = Allowance { retry_after_s: Some(1), ..allowed(0, 3) };
        assert_eq!(take(0), refused);
        assert_eq!(take(999), refused);
        assert_eq!(take(1_000), allowed(0, 3));
        assert_eq!(take(500), refused, "a clock that goes back");
        assert_eq!(take(100_000), allowed(2, 1));
    }

    #[test]
    fn who_waits_as_long_as_told_is_let_through() {
        for per_minute in [1, 7, 59, 61, 1_000_000, u32::MAX] {
            let (buckets, limits) = (Buckets::default(), limits(per_minute, 1));
            assert_eq!(buckets.take(&limits, &member(1), at(0)).unwrap().retry_after_s, None);
            let wait = buckets.take(&limits, &member(1), at(0)).unwrap().retry_after_s.unwrap();
            let then = at(i64::try_from(wait).unwrap() * 1_000);
            let again = buckets.take(&limits, &member(1), then).unwrap();
            assert_eq!(again.retry_after_s, None, "{per_minute}");
        }
    }

    #[test]
    fn members_have_buckets_and_limits_of_their_own() {
        let mut limits = limits(60, 1);
        limits.by_member.insert(member(2), None);
        limits.by_member.insert(member(3), Some(RateLimit { per_minute: 1, burst: 2 }));
        let buckets = Buckets::default();
        let take = |number| buckets.take(&limits, &member(number), at(0));
        assert_eq!(take(1).unwrap().retry_after_s, None);
        assert_eq!(take(1).unwrap().retry_after_s, Some(1));
        assert_eq!(take(4).unwrap().retry_after_s, None);
        assert_eq!((take(2), take(2)), (None, None));
        let of_three = [take(3), take(3), take(3)].map(|taken| taken.unwrap().retry_after_s);
        assert_eq!(of_three, [None, None, Some(60)]);
        assert_eq!(buckets.take(&RateLimits::default(), &member(1), at(0)), None);
    }

    #[test]
    fn there_are_not_more_buckets_than_the_most() {
        let (buckets, limits) = (Buckets::default(), limits(60, 2));
        let count = || buckets.by_member.lock().unwrap().len();
        for number in 0..BUCKETS_MAX {
            buckets.take(&limits, &member(number), at(0)).unwrap();
        }
        assert_eq!(count(), BUCKETS_MAX);
        // Nobody's bucket is full: all are forgotten.
        buckets.take(&limits, &member(BUCKETS_MAX), at(0)).unwrap();
        assert_eq!(count(), 1);
        for number in 0..BUCKETS_MAX - 1 {
            buckets.take(&limits, &member(number), at(1)).unwrap();
        }
        // One is full again, and the only one that is forgotten.
        assert_eq!(count(), BUCKETS_MAX);
        buckets.take(&limits, &member(BUCKETS_MAX + 1), at(1_000)).unwrap();
        assert_eq!(count(), BUCKETS_MAX);
        assert!(!buckets.by_member.lock().unwrap().contains_key(&member(BUCKETS_MAX)));
    }
}
