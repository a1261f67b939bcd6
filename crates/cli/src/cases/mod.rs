//! `bascule cases list`, `show` and `close`: what a person must read. A running gateway is not
//! disturbed.

pub mod kinds;

use std::process::ExitCode;

use anyhow::{anyhow, bail};
use domain::case::CaseKind;
use domain::seams::Clock;
use serde_json::{Value, json};
use store::cases::{self, Closing, StoredCase};
use store::{Db, unit};

use crate::args::{CasesCommand, CasesOptions};
use crate::data_dir::open_existing;
use crate::exit::Exit;
use crate::seams::SystemClock;
use crate::terminal;

/// Carries the command out.
///
/// # Errors
/// Where the database cannot be used, there is no such case, or it is closed already.
pub async fn run(options: CasesOptions) -> anyhow::Result<ExitCode> {
    match options.command {
        CasesCommand::List { database, all, limit, json } => {
            let db = open_existing(&database).await?;
            let found = listed(&db, all, limit).await?;
            terminal::say(&if json { all_in_json(&found)? } else { table(&found, all, limit) });
        }
        CasesCommand::Show { database, id } => {
            let db = open_existing(&database).await?;
            terminal::say(&for_people(&find(&db, &id).await?));
        }
        CasesCommand::Close { database, id, reason } => {
            let db = open_existing(&database).await?;
            close(&db, &id, reason).await?;
        }
    }
    Ok(Exit::Done.into())
}

async fn listed(db: &Db, all: bool, limit: u32) -> anyhow::Result<Vec<StoredCase>> {
    db.read(move |tx| {
        unit(async move {
            match all {
                true => cases::newest(tx, limit).await,
                false => cases::open_ones(tx, limit).await,
            }
        })
    })
    .await
    .map_err(|error| anyhow!("{error}"))
}

async fn find(db: &Db, id: &str) -> anyhow::Result<StoredCase> {
    let wanted = id.to_owned();
    let found = db
        .read(move |tx| unit(async move { cases::get(tx, &wanted).await }))
        .await
        .map_err(|error| anyhow!("{error}"))?;
    found.ok_or_else(|| {
        anyhow!("there is no case `{id}` in this database: see `bascule cases list --all`")
    })
}

async fn close(db: &Db, id: &str, reason: String) -> anyhow::Result<()> {
    let closing = Closing { at: SystemClock.now(), by: own_name(), reason };
    let (wanted, kept) = (id.to_owned(), closing.clone());
    let closed = db
        .transact((wanted, kept), move |(wanted, closing), tx| {
            unit(async move { cases::close(tx, wanted, closing).await })
        })
        .await
        .map_err(|error| anyhow!("{error}"))?;
    if closed {
        terminal::say(&format!("{id}  closed by {}", closing.by));
        return Ok(());
    }
    let case = find(db, id).await?;
    match case.closing {
        Some(closing) => bail!("{id} is closed already: {}", closed_how(&closing)),
        None => bail!("{id} could not be closed: try again"),
    }
}

/// Who closes: the user of this machine, as the audit shows it.
fn own_name() -> String {
    let uname = rustix::system::uname();
    let host = uname.nodename().to_string_lossy();
    let named = std::env::var("USER").ok().filter(|name| {
        !name.is_empty() && name.chars().all(|one| one.is_ascii_graphic()) && name.len() <= 64
    });
    let user_id = rustix::process::getuid().as_raw();
    match named {
        Some(name) => format!("{name} (uid {user_id}) on {host}"),
        None => format!("uid {user_id} on {host}"),
    }
}

fn closed_how(closing: &Closing) -> String {
    let at = closing.at.strftime("%Y-%m-%d %H:%M:%S UTC");
    format!("{at}, by {}: {}", closing.by, closing.reason)
}

fn table(found: &[StoredCase], all: bool, limit: u32) -> String {
    if found.is_empty() {
        let none = if all { "there are no cases" } else { "no case is open" };
        return none.to_owned();
    }
    let mut lines = vec![format!("{:<19}  {:<6}  {:<30}  case", "opened (UTC)", "state", "kind")];
    lines.extend(found.iter().map(|case| {
        let at = case.opened_at.strftime("%Y-%m-%d %H:%M:%S");
        let state = if case.closing.is_some() { "closed" } else { "open" };
        format!("{at:<19}  {state:<6}  {:<30}  {}", case.kind, case.id)
    }));
    if u32::try_from(found.len()).is_ok_and(|shown| shown == limit) {
        lines.push(format!("only {limit} are shown: --limit shows more"));
    }
    lines.join("\n")
}

fn all_in_json(found: &[StoredCase]) -> anyhow::Result<String> {
    let one = |case: &StoredCase| {
        let closing = case.closing.as_ref().map(|closing| {
            json!({
                "at": closing.at.to_string(), "by": closing.by, "reason": closing.reason,
            })
        });
        json!({
            "id": case.id, "paymentId": case.subject, "memberId": case.member_id,
            "kind": case.kind, "text": case.text, "openedAt": case.opened_at.to_string(),
            "closed": closing,
        })
    };
    Ok(serde_json::to_string(&found.iter().map(one).collect::<Vec<Value>>())?)
}

fn for_people(case: &StoredCase) -> String {
    let mut lines = vec![
        format!("case     {}", case.id),
        format!("kind     {}", case.kind),
        format!("payment  {}", case.subject),
        format!("member   {}", case.member_id),
        format!("opened   {}", case.opened_at.strftime("%Y-%m-%d %H:%M:%S UTC")),
        format!("text     {}", case.text),
        match &case.closing {
            Some(closing) => format!("closed   {}", closed_how(closing)),
            None => "closed   no".to_owned(),
        },
        String::new(),
    ];
    match CaseKind::from_name(&case.kind).map(kinds::explain) {
        Some(explanation) => {
            let urgent = if explanation.money { " Money may have moved." } else { "" };
            lines.push(format!("What happened: {}{urgent}", explanation.meaning));
            lines.push(format!("By itself:     {}", explanation.by_itself));
            lines.push(format!("To do:         {}", explanation.to_do));
        }
        None => {
            lines.push("This release does not know the kind: another release opened it.".into())
        }
    }
    lines.push(format!("Exchanges:     bascule calls {}", case.subject));
    lines.join("\n")
}
