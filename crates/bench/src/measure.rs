//! Time, the CPU time and memory of a process, and the speed of the disk.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::time::Instant;

use anyhow::Context;

/// Appends that are timed to know the disk.
const DISK_APPENDS: usize = 200;
/// A kernel clock tick in `/proc/<pid>/stat`, in microseconds: fixed on Linux, whatever the
/// kernel's own.
const TICK_US: u64 = 10_000;

/// This moment.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "time is what is measured here")]
pub fn now() -> Instant {
    Instant::now()
}

/// Microseconds since `started`.
#[must_use]
pub fn elapsed_us(started: Instant) -> u64 {
    u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX)
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
/// If the process is gone, or this is not Linux.
pub fn cpu_us(process_id: u32) -> anyhow::Result<u64> {
    Ok(Stat::of(process_id)?.own_ticks * TICK_US)
}

/// CPU time that the process, its children and its ended children have used so far, in
/// microseconds. A server with a process per connection is such a family.
///
/// # Errors
/// If the process is gone, or this is not Linux.
pub fn family_cpu_us(process_id: u32) -> anyhow::Result<u64> {
    let parent = Stat::of(process_id)?;
    let mut ticks = parent.own_ticks + parent.ended_children_ticks;
    for entry in std::fs::read_dir("/proc").context("CPU time is read from /proc")? {
        let name = entry?.file_name();
        let Some(id) = name.to_str().and_then(|name| name.parse().ok()) else { continue };
        // A process may end between the listing and the reading; its parent has its time then.
        if let Ok(stat) = Stat::of(id)
            && stat.parent_id == process_id
        {
            ticks += stat.own_ticks;
        }
    }
    Ok(ticks * TICK_US)
}

/// What `/proc/<pid>/stat` says of a process.
struct Stat {
    parent_id: u32,
    own_ticks: u64,
    ended_children_ticks: u64,
}

impl Stat {
    fn of(process_id: u32) -> anyhow::Result<Stat> {
        let stat = std::fs::read_to_string(format!("/proc/{process_id}/stat"))
            .context("CPU time is read from /proc")?;
        // The second field is the name in brackets and may hold spaces. The parent's id is the
        // 4th field; utime, stime, cutime and cstime are the 14th to 17th (proc(5)).
        let after_name = stat.rsplit_once(") ").context("/proc/…/stat")?.1;
        let fields: Vec<&str> = after_name.split(' ').collect();
        let number = |field: usize| -> anyhow::Result<u64> {
            fields.get(field - 3).context("/proc/…/stat")?.parse().context("/proc/…/stat")
        };
        Ok(Stat {
            parent_id: u32::try_from(number(4)?)?,
            own_ticks: number(14)? + number(15)?,
            ended_children_ticks: number(16)? + number(17)?,
        })
    }
}

/// The most memory that the process has had, in KiB.
///
/// # Errors
/// If the process is gone, or this is not Linux.
pub fn peak_memory_kib(process_id: u32) -> anyhow::Result<u64> {
    memory_kib(process_id, "VmHWM:")
}

/// The memory that the process has now, in KiB.
///
/// # Errors
/// If the process is gone, or this is not Linux.
pub fn resident_memory_kib(process_id: u32) -> anyhow::Result<u64> {
    memory_kib(process_id, "VmRSS:")
}

fn memory_kib(process_id: u32, field: &'static str) -> anyhow::Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process_id}/status"))
        .context("memory is read from /proc")?;
    let line = status.lines().find_map(|line| line.strip_prefix(field)).context(field)?;
    line.trim().trim_end_matches(" kB").parse().context(field)
}

/// The median time of appending 4 KiB to a file in `folder` and having it confirmed, in µs.
///
/// # Errors
/// If the file cannot be written.
pub fn fdatasync_p50_us(folder: &Path) -> anyhow::Result<u64> {
    let mut file = File::create(folder.join("fdatasync"))?;
    let block = [0x5A_u8; 4_096];
    let mut times_us = Vec::with_capacity(DISK_APPENDS);
    for _ in 0..DISK_APPENDS {
        file.write_all(&block)?;
        let started = now();
        file.sync_data()?;
        times_us.push(elapsed_us(started));
    }
    Ok(median(&mut times_us))
}

/// The median of `values`; 0 if `values` is empty.
pub fn median(values: &mut [u64]) -> u64 {
    quantile(values, 500)
}

/// The value below which `permille` thousandths of `values` lie; 0 if `values` is empty.
pub fn quantile(values: &mut [u64], permille: usize) -> u64 {
    values.sort_unstable();
    let index = (values.len() * permille / 1_000).min(values.len().saturating_sub(1));
    values.get(index).copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use std::io::Read;

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
        let resident_kib = resident_memory_kib(me).unwrap();
        assert!(resident_kib > 500 && peak_memory_kib(me).unwrap() >= resident_kib / 2);
        assert!(cpu_us(u32::MAX).is_err());
    }

    #[test]
    fn a_family_has_the_time_of_its_children_running_and_ended() {
        let me = std::process::id();
        let busy = || {
            let command = "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done; echo; read -r end";
            let mut child = std::process::Command::new("sh")
                .args(["-c", command])
                .stdin(std::process::Stdio::piped())
                .stdout(std::process::Stdio::piped())
                .spawn()
                .unwrap();
            // The line says that the loop is over; the child then waits for its input to end.
            let mut line = [0; 1];
            child.stdout.as_mut().unwrap().read_exact(&mut line).unwrap();
            child
        };
        let own_us = || cpu_us(me).unwrap();
        let mut child = busy();
        let child_us = cpu_us(child.id()).unwrap();
        assert!(child_us > 0);
        assert!(family_cpu_us(me).unwrap() >= own_us() + child_us, "while it runs");
        drop(child.stdin.take());
        child.wait().unwrap();
        // The steps of the kernel's sums differ by one tick each.
        let ended_us = Stat::of(me).unwrap().ended_children_ticks * TICK_US;
        assert!(ended_us + 2 * TICK_US >= child_us, "{ended_us} of {child_us} once it has ended");
    }
}
