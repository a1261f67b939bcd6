//! The command line.

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};

/// Open-banking gateway: one API towards many banks.
#[derive(Debug, Parser)]
#[command(name = "bascule", version, about)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Start the gateway with simulated banks and a demo shop, on this machine, offline
    Sandbox(SandboxOptions),
    /// Make one payment from creation to webhook, playing the payer at the simulated bank
    Pay(PayOptions),
    /// Show what was exchanged with banks for a payment
    Calls(CallsOptions),
}

/// Options of `bascule calls`.
#[derive(Debug, Clone, clap::Args)]
pub struct CallsOptions {
    /// The payment's id, `pm2:…`
    pub payment: String,
    /// Data directory of the gateway
    #[arg(long, default_value = "bascule-data")]
    pub data_dir: PathBuf,
    /// PostgreSQL instead of the data directory's SQLite: the URL of the gateway's database
    #[arg(long, value_name = "URL", conflicts_with = "data_dir")]
    pub database: Option<String>,
    /// Show requests and answers, too, without what must not be kept
    #[arg(long)]
    pub full: bool,
    /// Print everything as one line of JSON
    #[arg(long)]
    pub json: bool,
}

/// Options of `bascule sandbox`.
#[derive(Debug, Clone, clap::Args)]
pub struct SandboxOptions {
    /// Port of the gateway; the simulated banks take the next one. 0 takes free ones
    #[arg(long, default_value_t = 8000)]
    pub port: u16,
    /// Port of the simulated banks, where it is not the next one
    #[arg(long)]
    pub bank_port: Option<u16>,
    /// Where the database and the keys are kept
    #[arg(long, default_value = "bascule-data")]
    pub data_dir: PathBuf,
    /// Keep nothing: everything is gone when the process ends
    #[arg(long, conflicts_with = "data_dir")]
    pub ephemeral: bool,
    /// PostgreSQL (15 or later) instead of the embedded SQLite: the URL of a database that this
    /// sandbox alone uses
    #[arg(long, value_name = "URL")]
    pub database: Option<String>,
    /// How long a simulated bank takes to execute an order, in milliseconds
    #[arg(long, default_value_t = 800, value_name = "MS")]
    pub execution_delay: u64,
    /// How long one exchange with a bank may take, in milliseconds
    #[arg(long, default_value_t = 10_000, value_name = "MS",
        value_parser = clap::value_parser!(u64).range(1..=20_000))]
    pub bank_timeout: u64,
    /// Print what is ready as one line of JSON
    #[arg(long)]
    pub json: bool,
}

/// Who guides the payer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PayFlow {
    /// The merchant's own pages: straight to the bank
    ApiOnly,
    /// The hosted pages: bank picker first
    FullHostedPages,
}

/// Options of `bascule pay`.
#[derive(Debug, Clone, clap::Args)]
pub struct PayOptions {
    /// Amount in GBP; some have a fixed outcome, e.g. 108: insufficient funds (see /sim/)
    #[arg(long, default_value = "10.23")]
    pub amount: String,
    /// The simulated bank: ob-modelo, ob-iron or mock-redirect
    #[arg(long, default_value = "ob-modelo")]
    pub bank: String,
    /// Who guides the payer
    #[arg(long, value_enum, default_value_t = PayFlow::ApiOnly)]
    pub flow: PayFlow,
    /// The payer declines at the bank
    #[arg(long)]
    pub decline: bool,
    /// Data directory of the running sandbox; without one, a sandbox is started for this payment
    #[arg(long, default_value = "bascule-data")]
    pub data_dir: PathBuf,
    /// How long to wait for the last status and its webhook, in seconds
    #[arg(long, default_value_t = 30, value_name = "SECONDS",
        value_parser = clap::value_parser!(u64).range(1..=3_600))]
    pub patience: u64,
    /// Print the result as one line of JSON
    #[arg(long)]
    pub json: bool,
}
