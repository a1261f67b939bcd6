//! The course of a measurement: fill both servers, then alternate between them.

use std::io::Write;
use std::process::{Command, Stdio};

use anyhow::{Context, ensure};

use crate::driver::{Outcome, Task};
use crate::report::{self, Line, Round};
use crate::servers::{self, Server};
use crate::{Plan, measure, progress};

/// The kinds of request that are measured.
const KINDS: [(&str, bool); 2] = [("POST /v2/payments", false), ("GET /v2/payments/{id}", true)];

/// One server with what it holds and what was measured of it.
struct Measured {
    server: Server,
    payment_ids: Vec<String>,
    /// Rounds of each of [`KINDS`].
    rounds: [Vec<Round>; 2],
}

/// Measures floor and subject and returns the table.
///
/// # Errors
/// Where a server does not start or does not answer.
pub fn measure(plan: &Plan) -> anyhow::Result<String> {
    let folder = tempfile::tempdir()?;
    let mut disk_us = vec![measure::fdatasync_p50_us(folder.path())?];
    let mut all = vec![filled(Server::start(&servers::floor()?)?, plan)?];
    if let Some(subject) = servers::gateway(plan.bascule.clone())? {
        all.push(filled(Server::start(&subject)?, plan)?);
    }
    for number in 1..=plan.rounds {
        progress(&format!("round {number} of {}", plan.rounds));
        disk_us.push(measure::fdatasync_p50_us(folder.path())?);
        for (kind, (_, reads)) in KINDS.iter().enumerate() {
            for measured in &mut all {
                let ids = if *reads { measured.payment_ids.clone() } else { vec![] };
                let (round, _) = round(&measured.server, plan, plan.requests, ids)?;
                measured.rounds[kind].push(round);
            }
        }
    }
    let mut lines = vec![];
    for (kind, (name, _)) in KINDS.iter().enumerate() {
        for measured in &mut all {
            let peak_kib = measure::peak_memory_kib(measured.server.process_id())?;
            let line = Line::of(name, measured.server.name, &mut measured.rounds[kind], peak_kib);
            lines.push(line);
        }
        if all.len() == 1 {
            lines.push(Line::not_measured(name, "bascule"));
        }
    }
    Ok(report::table(&lines, plan, measure::median(&mut disk_us)))
}

/// Creates payments until the server holds as many as planned; this warms it up, too.
fn filled(server: Server, plan: &Plan) -> anyhow::Result<Measured> {
    progress(&format!("{}: creating {} payments", server.name, plan.rows));
    let (_, outcome) = round(&server, plan, plan.rows, vec![])?;
    ensure!(!outcome.payment_ids.is_empty(), "no payment was created");
    let payment_ids = outcome.payment_ids;
    Ok(Measured { server, payment_ids, rounds: [vec![], vec![]] })
}

fn round(
    server: &Server,
    plan: &Plan,
    requests: u32,
    payment_ids: Vec<String>,
) -> anyhow::Result<(Round, Outcome)> {
    let ready = server.ready.clone();
    let task = Task { ready, connections: plan.connections, requests, payment_ids };
    let before_us = measure::cpu_us(server.process_id())?;
    let outcome = drive(&task).with_context(|| format!("asking {}", server.name))?;
    let cpu_us = measure::cpu_us(server.process_id())? - before_us;
    let round = Round {
        requests_per_s: u64::from(requests) * 1_000_000 / outcome.elapsed_us.max(1),
        p50_us: outcome.p50_us,
        p99_us: outcome.p99_us,
        cpu_tenths_us: cpu_us * 10 / u64::from(requests),
    };
    Ok((round, outcome))
}

/// Lets another process do the asking.
fn drive(task: &Task) -> anyhow::Result<Outcome> {
    let mut process = Command::new(std::env::current_exe()?)
        .arg("drive")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut input = process.stdin.take().context("its input")?;
    input.write_all(&serde_json::to_vec(task)?)?;
    drop(input);
    let output = process.wait_with_output()?;
    ensure!(output.status.success(), "the load failed");
    Ok(serde_json::from_slice(&output.stdout)?)
}
