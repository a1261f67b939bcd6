//! Measures the cost of the gateway, as ratios to the smallest program that does the same work.
//!
//! `cargo run --release -p bench` starts servers, each in a process of its own: the floor
//! ([`floor`], the smallest program) and the subject (`bascule sandbox`), once on SQLite and
//! once on a throw-away PostgreSQL ([`postgres`]). Another process asks them in turn ([`driver`]),
//! so that the CPU time of a server is the server's alone. Rounds alternate, so that a busy machine
//! slows both alike. The report has medians of the rounds, and the time that the disk needs to
//! confirm a write. Whole payments through the simulated banks ([`lifecycle`]) have no floor.
//!
//! Everything stays on this machine and in temporary folders, and is bounded: so many rounds of so
//! many requests over so many connections. On Ctrl-C or SIGTERM, it still stops and
//! removes what it started.

mod disturbance;
mod driver;
mod floor;
mod http1;
mod interrupt;
mod lifecycle;
mod many_banks;
mod measure;
mod order;
mod postgres;
mod report;
mod rounds;
mod route;
mod servers;
mod token;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Measures the cost of the gateway, as ratios to the smallest program that does the same work.
#[derive(Debug, Parser)]
#[command(name = "bench", about)]
struct Args {
    #[command(flatten)]
    plan: Plan,
    #[command(subcommand)]
    role: Option<Role>,
}

/// How much is measured.
#[derive(Debug, Clone, clap::Args)]
struct Plan {
    /// Rounds of each measurement; the median of them counts
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=99))]
    rounds: u32,
    /// Requests in a round
    #[arg(long, default_value_t = 20_000, value_parser = clap::value_parser!(u32).range(100..=1_000_000))]
    requests: u32,
    /// Connections that ask at the same time, each one request after the other
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    connections: u32,
    /// Payments that each server holds before the first round (on PostgreSQL at most 20000);
    /// creating them warms it up
    #[arg(long, default_value_t = 200_000, value_parser = clap::value_parser!(u32).range(1_000..=5_000_000))]
    rows: u32,
    /// Whole payments through the simulated banks in a round
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=2_000))]
    lifecycles: u32,
    /// Payers who make whole payments at the same time
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=100))]
    payers: u32,
    /// A database of a PostgreSQL server to measure on, for this run alone; tables stay in it. By
    /// default the benchmark starts its own server
    #[arg(long, value_name = "URL")]
    postgres: Option<String>,
    /// The binary to measure; beside this one where it is not given
    #[arg(long, value_name = "FILE")]
    bascule: Option<PathBuf>,
}

/// The other processes of a measurement.
#[derive(Debug, Subcommand)]
enum Role {
    /// Serves the floor.
    #[command(hide = true)]
    Floor,
    /// Asks a server; the task comes in on standard input.
    #[command(hide = true)]
    Drive,
}

fn main() -> ExitCode {
    let args = Args::parse();
    let ended = match args.role {
        None => {
            interrupt::watch().and_then(|()| rounds::measure(&args.plan)).map(|report| say(&report))
        }
        Some(Role::Floor) => floor::serve(),
        Some(Role::Drive) => driver::run_task(),
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _closed = writeln!(std::io::stderr().lock(), "bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Results go to standard output, and at once: another process may be waiting for them.
fn say(text: &str) {
    let mut out = std::io::stdout().lock();
    let _closed = writeln!(out, "{text}").and_then(|()| out.flush());
}

/// Progress goes to standard error.
fn progress(text: &str) {
    let _closed = writeln!(std::io::stderr().lock(), "{text}");
}
