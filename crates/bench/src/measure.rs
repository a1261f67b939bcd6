//! Time, the CPU time and memory of a process, and the speed of the disk.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::time::Instant;

use anyhow::Context;

/// Appends that are timed to know the disk.
const DISK_APPENDS: usize = 200;
/// Kernel clock ticks per second in `/proc/<pid>/stat`: fixed on Linux, whatever the kernel's own.
const TICKS_PER_SECOND: u64 = 100;

/// This moment.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "time is what is measured here")]
pub fn now() -> Instant {
    Instant::now()
}

/// Milliseconds since 1970.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "a floor reads the real clock, as its subject does")]
pub fn unix_ms() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// CPU time that the process has used so far, in microseconds, in steps of 10 ms.
///
/// # Errors
/// Where the process is gone, or this is not Linux.
pub fn cpu_us(process_id: u32) -> anyhow::Result<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{process_id}/stat"))
        .context("CPU time is read from /proc")?;
    // The second field is the name in brackets and may hold spaces; utime and stime are the 14th
    // and 15th field (proc(5)).
    let after_name = stat.rsplit_once(") ").context("/proc/…/stat")?.1;
    let ticks: u64 = after_name
        .split(' ')
        .skip(11)
        .take(2)
        .map(|field| field.parse::<u64>().context("/proc/…/stat"))
        .sum::<anyhow::Result<u64>>()?;
    Ok(ticks * (1_000_000 / TICKS_PER_SECOND))
}

/// The most memory that the process has had, in KiB.
///
/// # Errors
/// Where the process is gone, or this is not Linux.
pub fn peak_memory_kib(process_id: u32) -> anyhow::Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process_id}/status"))
        .context("memory is read from /proc")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("VmHWM")?;
    line.trim().trim_end_matches(" kB").parse().context("VmHWM")
}

/// The median time of appending 4 KiB to a file in `folder` and having it confirmed, in µs.
///
/// # Errors
/// Where the file cannot be written.
pub fn fdatasync_p50_us(folder: &Path) -> anyhow::Result<u64> {
    let mut file = File::create(folder.join("fdatasync"))?;
    let block = [0x5A_u8; 4_096];
    let mut times_us = Vec::with_capacity(DISK_APPENDS);
    for _ in 0..DISK_APPENDS {
        file.write_all(&block)?;
        let started = now();
        file.sync_data()?;
        times_us.push(u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX));
    }
    Ok(median(&mut times_us))
}

/// The middle of `values`; 0 where there are none.
pub fn median(values: &mut [u64]) -> u64 {
    quantile(values, 500)
}

/// The value below which `permille` thousandths of `values` lie; 0 where there are none.
pub fn quantile(values: &mut [u64], permille: usize) -> u64 {
    values.sort_unstable();
    let index = (values.len() * permille / 1_000).min(values.len().saturating_sub(1));
    values.get(index).copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_the_sorted_values() {
        let mut values: Vec<u64> = (0..1_000).rev().collect();
        assert_eq!(median(&mut values), 500);
        assert_eq!(quantile(&mut values, 990), 990);
        assert_eq!(quantile(&mut values, 1_000), 999);
        assert_eq!(median(&mut [7]), 7);
        assert_eq!(median(&mut []), 0);
    }

    #[test]
    fn this_process_uses_time_and_memory() {
        let me = std::process::id();
        let before = cpu_us(me).unwrap();
        let started = now();
        let mut turns = 0_u64;
        while cpu_us(me).unwrap() == before && turns < 10_000_000 {
            turns += 1;
        }
        assert!(turns < 10_000_000, "CPU time passes");
        assert!(started.elapsed().as_nanos() > 0);
        assert!(peak_memory_kib(me).unwrap() > 500);
        assert!(cpu_us(u32::MAX).is_err());
    }
}
