//! `bascule sandbox`: gateway, simulated banks and demo shop in one process.

mod announce;
pub mod certificates;
mod members;
mod own_banks;
mod ownership;
mod ports;
mod start;

use std::process::ExitCode;

pub use self::announce::Announcement;
pub use self::start::start;
use crate::args::SandboxOptions;
use crate::terminal;

/// Starts a sandbox and serves until the process receives a request to end.
///
/// # Errors
/// The obstacle to the start, in one line.
pub async fn run(options: SandboxOptions) -> anyhow::Result<ExitCode> {
    let sandbox = start(&options).await?;
    let text = if options.json {
        serde_json::to_string(sandbox.announcement())?
    } else {
        sandbox.announcement().for_people()
    };
    terminal::say(&text);
    sandbox.serve_until_told().await?;
    Ok(ExitCode::SUCCESS)
}
