//! The table.

use std::fmt::Write;

use crate::measure::median;
use crate::servers::FLOOR;
use crate::{Plan, order};

/// The figures of one round.
#[derive(Debug, Clone, Copy)]
pub struct Round {
    /// Answers per second.
    pub requests_per_s: u64,
    /// The middle of the times that answers took, in microseconds.
    pub p50_us: u64,
    /// The time within which 99 of 100 answers came, in microseconds.
    pub p99_us: u64,
    /// CPU time of the server per request, in tenths of a microsecond.
    pub cpu_tenths_us: u64,
}

/// One line of the table.
#[derive(Debug, Clone)]
pub struct Line {
    request: String,
    server: String,
    medians: Option<(Round, Held)>,
}

/// The memory of a server.
#[derive(Debug, Clone, Copy)]
pub struct Held {
    /// Payments that it stored before the first round.
    pub payments: u32,
    /// The most memory that it had, in KiB.
    pub peak_kib: u64,
}

/// The notes under the table.
#[derive(Debug, Clone, Default)]
pub struct Notes {
    /// Servers with the memory that they had before any load, in KiB.
    pub idle: Vec<(&'static str, u64)>,
    /// The size of the measured binary.
    pub binary_bytes: Option<u64>,
    /// More sentences.
    pub remarks: Vec<String>,
}

impl Line {
    /// The medians of `rounds`, and what the server held.
    pub fn of(request: &str, server: &str, rounds: &[Round], held: Held) -> Line {
        let of =
            |value: fn(&Round) -> u64| median(&mut rounds.iter().map(value).collect::<Vec<u64>>());
        let medians = Round {
            requests_per_s: of(|round| round.requests_per_s),
            p50_us: of(|round| round.p50_us),
            p99_us: of(|round| round.p99_us),
            cpu_tenths_us: of(|round| round.cpu_tenths_us),
        };
        let medians = Some((medians, held));
        Line { request: request.to_owned(), server: server.to_owned(), medians }
    }

    /// A line for what was not there.
    pub fn not_measured(request: &str, server: &str) -> Line {
        Line { request: request.to_owned(), server: server.to_owned(), medians: None }
    }
}

/// The whole table. Each line is compared with the floor of the same request.
#[must_use]
pub fn table(lines: &[Line], plan: &Plan, disk_us: u64, notes: &Notes) -> String {
    let mut text = format!(
        "Medians of {} rounds of {} requests over {} connections, orders of {} bytes; of {} \
         lifecycles, {} at a time.\nThe disk confirms a write of 4 KiB in {disk_us} µs (median of \
         200 per round).\n\n\
         | request | server | payments stored | requests/s | of the floor | p50 ms | p99 ms \
         | server CPU µs/request | peak memory MiB |\n|---|---|---:|---:|---:|---:|---:|---:|---:|\n",
        plan.rounds,
        plan.requests,
        plan.connections,
        order::BODY_BYTES,
        plan.lifecycles,
        plan.payers,
    );
    for line in lines {
        let cells = match &line.medians {
            None => "not measured | | | | | |".to_owned(),
            Some((round, held)) => format!(
                "{} | {} | {} | {} | {} | {} | {}",
                held.payments,
                round.requests_per_s,
                share_of_floor(line, round, lines),
                thousandths(round.p50_us),
                thousandths(round.p99_us),
                tenths(round.cpu_tenths_us),
                held.peak_kib / 1_024,
            ),
        };
        let _infallible = writeln!(text, "| {} | {} | {cells} |", line.request, line.server);
    }
    text.push('\n');
    for (server, idle_kib) in &notes.idle {
        let idle = tenths(idle_kib * 10 / 1_024);
        let _infallible = writeln!(text, "{server}: {idle} MiB of memory before any load.");
    }
    if let Some(bytes) = notes.binary_bytes {
        let size = tenths(bytes * 10 / (1_024 * 1_024));
        let _infallible = writeln!(text, "The binary `bascule` has {size} MiB.");
    }
    for remark in &notes.remarks {
        let _infallible = writeln!(text, "{remark}");
    }
    text
}

fn share_of_floor(line: &Line, round: &Round, lines: &[Line]) -> String {
    let floor = lines.iter().find(|other| other.request == line.request && other.server == FLOOR);
    let floor =
        floor.and_then(|floor| floor.medians.as_ref()).map(|(floor, _)| floor.requests_per_s);
    match floor {
        Some(floor) if floor > 0 => {
            let percent = round.requests_per_s * 100 / floor;
            format!("{}.{:02}", percent / 100, percent % 100)
        }
        _ => "–".to_owned(),
    }
}

/// Microseconds as milliseconds with two digits.
fn thousandths(us: u64) -> String {
    format!("{}.{:02}", us / 1_000, us % 1_000 / 10)
}

fn tenths(tenths: u64) -> String {
    format!("{}.{}", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::Args;

    fn round(requests_per_s: u64) -> Round {
        Round { requests_per_s, p50_us: 2_705, p99_us: 13_040, cpu_tenths_us: 681 }
    }

    #[test]
    fn the_median_round_is_told_as_a_share_of_the_floor() {
        let plan = Args::parse_from(["bench", "--rounds", "3"]).plan;
        let held = |peak_kib| Held { payments: 1_000, peak_kib };
        let lines = [
            Line::of("POST", FLOOR, &[round(1), round(20_000), round(90_000)], held(10_240)),
            Line::of("POST", "bascule", &[round(15_000)], held(20_480)),
            Line::of("lifecycle", "bascule", &[round(50)], held(20_480)),
            Line::not_measured("GET", "bascule"),
        ];
        let notes = Notes {
            idle: vec![("bascule", 12_800)],
            binary_bytes: Some(3 * 1_024 * 1_024 / 2),
            remarks: vec!["A remark.".to_owned()],
        };
        let table = table(&lines, &plan, 95, &notes);
        for row in [
            "| POST | floor | 1000 | 20000 | 1.00 | 2.70 | 13.04 | 68.1 | 10 |",
            "| POST | bascule | 1000 | 15000 | 0.75 | 2.70 | 13.04 | 68.1 | 20 |",
            "| lifecycle | bascule | 1000 | 50 | – | 2.70 | 13.04 | 68.1 | 20 |",
            "| GET | bascule | not measured | | | | | | |",
            "bascule: 12.5 MiB of memory",
            "has 1.5 MiB",
            "A remark.",
            "in 95 µs",
        ] {
            assert!(table.contains(row), "{row} in\n{table}");
        }
    }
}
