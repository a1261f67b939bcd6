//! The `bascule` binary, as a library for its own tests and the benchmark: configuration, the real clock, randomness and network, subcommands.
//!
//! Everything that touches the world for real is here: [`seams`] and [`wire`] implement the seams
//! that the other crates only know as traits.

pub mod args;
pub mod calls;
pub mod cases;
pub mod certs;
pub mod data_dir;
pub mod demo;
pub mod directory;
pub mod exit;
pub mod held_certificates;
pub mod http_server;
pub mod mail;
pub mod members;
pub mod merchant;
pub mod pay;
pub mod rate_limit;
mod registrations;
pub mod sandbox;
pub mod seams;
pub mod terminal;
pub mod try_banks;
pub mod wire;

use std::io::IsTerminal;
use std::process::ExitCode;

use clap::Parser;
use tracing_subscriber::EnvFilter;

use crate::args::{Args, Command};
use crate::exit::Exit;

/// Runs the command line; what `main` returns.
#[must_use]
pub fn run() -> ExitCode {
    let args = Args::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            terminal::complain(&format!("the process cannot start: {error}"));
            return Exit::CouldNotRun.into();
        }
    };
    let ended = runtime.block_on(async {
        match args.command {
            Command::Sandbox(options) => {
                start_logging("warn");
                sandbox::run(options).await
            }
            Command::Pay(options) => {
                start_logging("error");
                pay::run(options).await
            }
            Command::Calls(options) => {
                start_logging("error");
                calls::run(options).await
            }
            Command::Certs(options) => {
                start_logging("error");
                certs::run(options).await
            }
            Command::Cases(options) => {
                start_logging("error");
                cases::run(options).await
            }
            Command::Banks(options) => directory::run(options).await,
            Command::Members(options) => {
                start_logging("error");
                members::run(options).await
            }
        }
    });
    match ended {
        Ok(code) => code,
        Err(error) => {
            // Several errors are several lines.
            format!("{error:#}").lines().for_each(terminal::complain);
            Exit::CouldNotRun.into()
        }
    }
}

/// Logs go to standard error as text; `RUST_LOG` chooses what. They have colours on a terminal only.
fn start_logging(default_level: &str) {
    let wanted = std::env::var("RUST_LOG").ok().filter(|text| !text.is_empty());
    let filter = match wanted.as_deref().map(EnvFilter::try_new) {
        Some(Ok(filter)) => filter,
        None => EnvFilter::new(default_level),
        Some(Err(error)) => {
            terminal::complain(&format!(
                "RUST_LOG is no filter ({error}); expected is a level or levels per module, such as \
                 info or gateway=debug,warn. Logging at {default_level}"
            ));
            EnvFilter::new(default_level)
        }
    };
    let colours = terminal::has_colours(
        std::io::stderr().is_terminal(),
        std::env::var_os("NO_COLOR").as_deref(),
    );
    let logging = tracing_subscriber::fmt().with_env_filter(filter).with_ansi(colours);
    logging.with_writer(std::io::stderr).init();
}
