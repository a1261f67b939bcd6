//! The course of a measurement: fill the servers, then alternate between them.

use std::io::Write;
use std::process::{Command, Stdio};

use anyhow::{Context, ensure};

use crate::disturbance::Disturbance;
use crate::driver::{Load, Outcome, Task};
use crate::postgres::Postgres;
use crate::report::{self, Held, Line, Notes, Round};
use crate::route::Route;
use crate::servers::{self, FLOOR, Server, Subject};
use crate::{Plan, interrupt, many_banks, measure, progress};

const ON_SQLITE: &str = "bascule, SQLite";
const ON_POSTGRES: &str = "bascule, PostgreSQL";
/// A page is as much work as several payments, so a round asks for a part as many.
const LIST_PARTS: u32 = 10;
/// Payments that are stored on PostgreSQL at most: its index is as deep as that of ten times as
/// many, and it takes longer to fill.
const POSTGRES_ROWS_MAX: u32 = 20_000;

/// The kinds of request that are measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Create,
    Read,
    /// A page of the list: the first one, or one near the end.
    List {
        late: bool,
    },
    Pay(Route),
    /// The same while another member's endpoint and another bank answer nobody.
    PayDisturbed(Route),
}

/// All kinds, in the order of the table.
const KINDS: [Kind; 5 + Route::ALL.len()] = [
    Kind::Create,
    Kind::Read,
    Kind::List { late: false },
    Kind::List { late: true },
    Kind::Pay(Route::ALL[0]),
    Kind::Pay(Route::ALL[1]),
    Kind::Pay(Route::ALL[2]),
    Kind::Pay(Route::ALL[3]),
    Kind::Pay(Route::ALL[4]),
    Kind::PayDisturbed(Route::ALL[0]),
];

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Kind::Create => "POST /v2/payments",
            Kind::Read => "GET /v2/payments/{id}",
            Kind::List { late: false } => "GET /v2/payments, first page of ten",
            Kind::List { late: true } => "GET /v2/payments, page of ten near the end",
            Kind::Pay(route) => route.name(),
            Kind::PayDisturbed(_) => "lifecycle, UK Open Banking, beside silent neighbours",
        }
    }

    /// The floor has no lists, and no banks where somebody could pay.
    fn is_of_floor(self) -> bool {
        match self {
            Kind::Create | Kind::Read => true,
            Kind::List { .. } | Kind::Pay(_) | Kind::PayDisturbed(_) => false,
        }
    }
}

/// One server with what it holds and what was measured of it.
struct Measured {
    server: Server,
    /// The first process of its database server, where that is known.
    database: Option<u32>,
    idle_kib: u64,
    stored: u32,
    payment_ids: Vec<String>,
    /// Rounds of each of [`KINDS`].
    rounds: [Vec<Round>; KINDS.len()],
}

/// Measures floor and subjects and returns the table.
///
/// # Errors
/// If a server does not start or does not answer.
pub fn measure(plan: &Plan) -> anyhow::Result<String> {
    let folder = tempfile::tempdir()?;
    let mut disk_us = vec![measure::fdatasync_p50_us(folder.path())?];
    let mut notes = Notes::default();
    let program = servers::gateway_program(plan.bascule.as_deref())?;
    // Declared before the servers, so that it is dropped, and stopped, after them.
    let postgres = match (&program, &plan.postgres) {
        (Some(_), None) => throw_away_postgres(&mut notes),
        _ => None,
    };
    let mut all = vec![filled(&servers::floor()?, None, plan, plan.rows)?];
    if let Some(program) = &program {
        notes.binary_bytes = Some(std::fs::metadata(program)?.len());
        let subject = servers::gateway(ON_SQLITE, program, None, None);
        all.push(filled(&subject, None, plan, plan.rows)?);
        let own = postgres.as_ref().map(|postgres| &postgres.url);
        if let Some(url) = plan.postgres.as_ref().or(own) {
            let subject = servers::gateway(ON_POSTGRES, program, Some(url), None);
            let database = postgres.as_ref().map(|postgres| postgres.process_id);
            all.push(filled(&subject, database, plan, plan.rows.min(POSTGRES_ROWS_MAX))?);
        }
    } else {
        loudly(&mut notes, "NOT MEASURED: `bascule`, which is not beside this program.");
    }
    if let Some(program) = &program {
        notes.remarks.push(many_banks::measure(program, drive)?);
    }
    for number in 1..=plan.rounds {
        progress(&format!("round {number} of {}", plan.rounds));
        disk_us.push(measure::fdatasync_p50_us(folder.path())?);
        for (index, kind) in KINDS.into_iter().enumerate() {
            for measured in all.iter_mut().filter(|measured| measured.takes(kind)) {
                let round = measured.round(plan, kind)?;
                measured.rounds[index].push(round);
            }
        }
    }
    add_remarks(&mut notes, &all, plan);
    Ok(report::table(&lines(&all)?, plan, measure::median(&mut disk_us), &notes))
}

/// A server of our own, or `None` and a loud word about it.
fn throw_away_postgres(notes: &mut Notes) -> Option<Postgres> {
    progress("starting PostgreSQL");
    match Postgres::start() {
        Ok(postgres) => Some(postgres),
        Err(error) => {
            loudly(notes, &format!("NOT MEASURED: PostgreSQL. {error:#}"));
            None
        }
    }
}

fn loudly(notes: &mut Notes, remark: &str) {
    progress(remark);
    notes.remarks.push(remark.to_owned());
}

fn add_remarks(notes: &mut Notes, all: &[Measured], plan: &Plan) {
    let subjects = || all.iter().filter(|measured| measured.server.name != FLOOR);
    notes.idle = subjects().map(|measured| (measured.server.name, measured.idle_kib)).collect();
    if subjects().next().is_some() {
        let remark = "In lifecycles a request is a whole payment: created, approved at the bank's \
                      pages or by answering its questions, returned, seen completed. Gateway and simulated banks are one \
                      process: its CPU time is that of both.";
        notes.remarks.push(remark.to_owned());
    }
    for measured in subjects() {
        notes.remarks.push(late_pages(measured));
        notes.remarks.push(neighbours(measured));
    }
    if subjects().any(|measured| measured.server.name == ON_POSTGRES) {
        let cpu = if plan.postgres.is_some() {
            "The server's CPU time is without that of the PostgreSQL that was given"
        } else {
            "The server's CPU time includes PostgreSQL's"
        };
        let remark = format!(
            "{cpu}; memory is without it. PostgreSQL stores at most {POSTGRES_ROWS_MAX} payments."
        );
        notes.remarks.push(remark);
    }
}

/// How much longer a whole payment takes beside neighbours who answer nobody.
fn neighbours(measured: &Measured) -> String {
    let times = ratio(measured, Kind::PayDisturbed(Route::ALL[0]), Kind::Pay(Route::ALL[0]));
    format!(
        "{}: beside a webhook endpoint and a bank that answer nobody, a whole payment of another member \
         at another bank takes {times} times as long.",
        measured.server.name,
    )
}

/// How many times as long one kind takes as another: medians of the rounds' medians.
fn ratio(measured: &Measured, one: Kind, other: Kind) -> String {
    let p50_us = |wanted| {
        let index = KINDS.iter().position(|kind| *kind == wanted).unwrap_or(0);
        let rounds = &measured.rounds[index];
        measure::median(&mut rounds.iter().map(|round| round.p50_us).collect::<Vec<u64>>())
    };
    let percent = p50_us(one) * 100 / p50_us(other).max(1);
    format!("{}.{:02}", percent / 100, percent % 100)
}

/// How much longer a page near the end takes than the first one.
fn late_pages(measured: &Measured) -> String {
    let times = ratio(measured, Kind::List { late: true }, Kind::List { late: false });
    format!(
        "{}: of {} payments, a page near the end takes {times} times as long as the first.",
        measured.server.name, measured.stored,
    )
}

/// A line for each kind of request and each server, also for those that were not there.
fn lines(all: &[Measured]) -> anyhow::Result<Vec<Line>> {
    let mut lines = vec![];
    for (index, kind) in KINDS.into_iter().enumerate() {
        let servers = [FLOOR, ON_SQLITE, ON_POSTGRES].into_iter();
        for server in servers.filter(|server| *server != FLOOR || kind.is_of_floor()) {
            let found = all.iter().find(|measured| measured.server.name == server);
            lines.push(match found {
                None => Line::not_measured(kind.name(), server),
                Some(measured) => {
                    let peak_kib = measure::peak_memory_kib(measured.server.process_id())?;
                    let held = Held { payments: measured.stored, peak_kib };
                    Line::of(kind.name(), server, &measured.rounds[index], held)
                }
            });
        }
    }
    Ok(lines)
}

/// Starts a server and creates payments until it holds `rows`; this warms it up, too.
fn filled(
    subject: &Subject,
    database: Option<u32>,
    plan: &Plan,
    rows: u32,
) -> anyhow::Result<Measured> {
    interrupt::check()?;
    let server = Server::start(subject)?;
    let idle_kib = measure::resident_memory_kib(server.process_id())?;
    progress(&format!("{}: creating {rows} payments", server.name));
    let rounds = KINDS.map(|_| vec![]);
    let mut measured =
        Measured { server, database, idle_kib, stored: rows, payment_ids: vec![], rounds };
    let (_, outcome) = measured.ask(plan.connections, rows, Load::Create)?;
    ensure!(!outcome.payment_ids.is_empty(), "no payment was created");
    measured.payment_ids = outcome.payment_ids;
    // Ids are in the order of creation.
    measured.payment_ids.sort_unstable();
    Ok(measured)
}

impl Measured {
    fn takes(&self, kind: Kind) -> bool {
        kind.is_of_floor() || self.server.name != FLOOR
    }

    fn round(&self, plan: &Plan, kind: Kind) -> anyhow::Result<Round> {
        let (at_a_time, requests, load) = match kind {
            Kind::Create => (plan.connections, plan.requests, Load::Create),
            Kind::Read => (plan.connections, plan.requests, Load::Read(self.payment_ids.clone())),
            Kind::List { late } => {
                let requests = (plan.requests / LIST_PARTS).max(100);
                (plan.connections, requests, Load::List(late.then(|| self.old_payment())))
            }
            Kind::Pay(route) | Kind::PayDisturbed(route) => {
                (plan.payers, plan.lifecycles, Load::Pay(route))
            }
        };
        let _neighbours = match kind {
            Kind::PayDisturbed(_) => Some(Disturbance::begin(&self.server.ready)?),
            Kind::Create | Kind::Read | Kind::List { .. } | Kind::Pay(_) => None,
        };
        Ok(self.ask(at_a_time, requests, load)?.0)
    }

    /// A payment that was created early, more than one page before the newest.
    fn old_payment(&self) -> String {
        self.payment_ids.get(self.payment_ids.len() / 50).cloned().unwrap_or_default()
    }

    fn ask(&self, connections: u32, requests: u32, load: Load) -> anyhow::Result<(Round, Outcome)> {
        interrupt::check()?;
        let task = Task { ready: self.server.ready.clone(), connections, requests, load };
        let before_us = self.cpu_us()?;
        let outcome = drive(&task).with_context(|| format!("asking {}", self.server.name))?;
        let cpu_us = self.cpu_us()?.saturating_sub(before_us);
        let round = Round {
            requests_per_s: u64::from(requests) * 1_000_000 / outcome.elapsed_us.max(1),
            p50_us: outcome.p50_us,
            p99_us: outcome.p99_us,
            cpu_tenths_us: cpu_us * 10 / u64::from(requests),
        };
        Ok((round, outcome))
    }

    /// CPU time that the server and its database have used so far, in microseconds.
    fn cpu_us(&self) -> anyhow::Result<u64> {
        let database_us = self.database.map_or(Ok(0), measure::family_cpu_us)?;
        Ok(measure::cpu_us(self.server.process_id())? + database_us)
    }
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
