//! How many connections the system's limit of open files leaves room for.

use anyhow::bail;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::CONNECTIONS_MAX;

/// Files reserved for everything except callers' connections: the database (26 for SQLite, 16 for
/// PostgreSQL), calls to banks and to members (at most 128 at the same time), files, signals.
const RESERVED_FILES: u64 = 256;
/// Fewer connections than this serve nobody.
const CONNECTIONS_MIN: u64 = 32;
/// A part of the limit, one in so many, that stays free for what nobody counted.
const FREE_PART: u64 = 4;

/// How many connections may be open: `wanted`, or as many as the limit of open files allows up to
/// [`CONNECTIONS_MAX`]. Raises the process's own limit as far as the system lets it.
///
/// # Errors
/// If the limit of open files is too small.
pub fn connections(wanted: Option<u32>) -> anyhow::Result<usize> {
    connections_within(raised_limit(), wanted)
}

/// The limit of open files after it was raised; the highest number if there is no limit.
fn raised_limit() -> u64 {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    // Some systems reject this number; then the previous limit stays.
    let _as_before = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
    getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX)
}

fn connections_within(limit: u64, wanted: Option<u32>) -> anyhow::Result<usize> {
    let room = (limit - limit / FREE_PART).saturating_sub(RESERVED_FILES);
    let at_least = u64::from(wanted.unwrap_or(0)).max(CONNECTIONS_MIN);
    if room < at_least {
        let needed = (at_least + RESERVED_FILES) * FREE_PART / (FREE_PART - 1) + 1;
        bail!(
            "this process may open {limit} files, which leaves room for {room} connections; \
             {at_least} are wanted: raise the limit to {needed} (`ulimit -n {needed}`, or \
             LimitNOFILE= of systemd), or lower --connections"
        );
    }
    let connections = wanted.map_or(room.min(u64::try_from(CONNECTIONS_MAX)?), u64::from);
    Ok(usize::try_from(connections)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quarter_of_the_files_and_all_that_is_no_connection_stay_free() {
        for (limit, wanted, expected) in [
            (1_024, None, 512),
            (20_000, None, 10_000),
            (u64::MAX, None, 10_000),
            (20_000, Some(14_000), 14_000),
            (1_024, Some(100), 100),
        ] {
            assert_eq!(connections_within(limit, wanted).unwrap(), expected, "{limit} {wanted:?}");
        }
        for (limit, wanted, needed) in
            [(256, None, "385"), (1_024, Some(1_000), "1675"), (0, None, "385")]
        {
            let refused = connections_within(limit, wanted).unwrap_err().to_string();
            assert!(refused.contains(&format!("ulimit -n {needed}")), "{refused}");
            let enough = needed.parse().unwrap();
            assert!(connections_within(enough, wanted).is_ok(), "{needed} is enough");
        }
    }
}
