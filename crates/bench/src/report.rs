//! The table.

use std::fmt::Write;

use crate::measure::median;
use crate::{Plan, order};

/// What one round measured.
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
    medians: Option<(Round, u64)>,
}

impl Line {
    /// The medians of `rounds`, and the most memory that the server has had so far.
    pub fn of(request: &str, server: &str, rounds: &mut [Round], peak_kib: u64) -> Line {
        let of =
            |value: fn(&Round) -> u64| median(&mut rounds.iter().map(value).collect::<Vec<u64>>());
        let medians = Round {
            requests_per_s: of(|round| round.requests_per_s),
            p50_us: of(|round| round.p50_us),
            p99_us: of(|round| round.p99_us),
            cpu_tenths_us: of(|round| round.cpu_tenths_us),
        };
        let medians = Some((medians, peak_kib));
        Line { request: request.to_owned(), server: server.to_owned(), medians }
    }

    /// A line for what was not there.
    pub fn not_measured(request: &str, server: &str) -> Line {
        Line { request: request.to_owned(), server: server.to_owned(), medians: None }
    }
}

/// The whole table. Each line is compared with the floor of the same request.
#[must_use]
pub fn table(lines: &[Line], plan: &Plan, disk_us: u64) -> String {
    let mut text = format!(
        "Medians of {} rounds of {} requests, {} connections, {} payments stored, orders of {} \
         bytes.\nThe disk confirms a write of 4 KiB in {disk_us} µs (median of 200 per round).\n\n\
         | request | server | requests/s | of the floor | p50 ms | p99 ms | server CPU µs/request \
         | peak memory MiB |\n|---|---|---:|---:|---:|---:|---:|---:|\n",
        plan.rounds,
        plan.requests,
        plan.connections,
        plan.rows,
        order::BODY_BYTES
    );
    for line in lines {
        let cells = match &line.medians {
            None => "not measured | | | | |".to_owned(),
            Some((round, peak_kib)) => format!(
                "{} | {} | {} | {} | {} | {}",
                round.requests_per_s,
                share_of_floor(line, round, lines),
                thousandths(round.p50_us),
                thousandths(round.p99_us),
                tenths(round.cpu_tenths_us),
                peak_kib / 1_024,
            ),
        };
        let _infallible = writeln!(text, "| {} | {} | {cells} |", line.request, line.server);
    }
    text
}

fn share_of_floor(line: &Line, round: &Round, lines: &[Line]) -> String {
    let floor = lines.iter().find(|other| other.request == line.request && other.server == "floor");
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
    use super::*;

    fn round(requests_per_s: u64) -> Round {
        Round { requests_per_s, p50_us: 2_705, p99_us: 13_040, cpu_tenths_us: 681 }
    }

    #[test]
    fn the_median_round_is_told_as_a_share_of_the_floor() {
        let plan = Plan { rounds: 3, requests: 100, connections: 8, rows: 1_000, bascule: None };
        let lines = [
            Line::of("POST", "floor", &mut [round(1), round(20_000), round(90_000)], 10_240),
            Line::of("POST", "bascule", &mut [round(15_000)], 20_480),
            Line::not_measured("GET", "bascule"),
        ];
        let table = table(&lines, &plan, 95);
        for row in [
            "| POST | floor | 20000 | 1.00 | 2.70 | 13.04 | 68.1 | 10 |",
            "| POST | bascule | 15000 | 0.75 | 2.70 | 13.04 | 68.1 | 20 |",
            "| GET | bascule | not measured | | | | | |",
        ] {
            assert!(table.contains(row), "{row} in\n{table}");
        }
        assert!(table.contains("in 95 µs"), "{table}");
    }
}
