//! The command line.

use std::path::PathBuf;

pub mod banks;
pub mod help;
pub mod values;

use ::banks::eidas::Role;
use clap::{Parser, Subcommand, ValueEnum};
use domain::account::AccountIdentifier;
use domain::alias::Alias;
use domain::ids::{MemberId, PaymentId};
use gateway::rate_limits::RateLimit;

use self::banks::BanksOptions;
use self::values::AddressOrNone;
use crate::{http_server, rate_limit};

/// Open-banking gateway: one API towards many banks.
#[derive(Debug, Parser)]
#[command(name = "bascule", version, about = help::SUMMARY, long_about = help::ABOUT, after_help = help::of_program())]
pub struct Args {
    /// The command.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands of `bascule`.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Start the gateway with simulated banks and a demo shop, on this machine, offline
    #[command(after_help = help::SANDBOX)]
    Sandbox(SandboxOptions),
    /// Make one payment from creation to webhook, playing the payer at the simulated bank
    #[command(after_help = help::PAY)]
    Pay(PayOptions),
    /// Show the exchanges with banks for a payment
    #[command(after_help = help::CALLS)]
    Calls(CallsOptions),
    /// Create, request or show qualified certificates (eIDAS, PSD2)
    #[command(after_help = help::CERTS)]
    Certs(CertsOptions),
    /// List templates of real banks, print a file to complete one, check a folder of banks
    #[command(after_help = help::BANKS)]
    Banks(BanksOptions),
    /// List, show and close cases: situations that a person must read
    #[command(after_help = help::CASES)]
    Cases(CasesOptions),
    /// List the members and change their settings
    #[command(after_help = help::MEMBERS)]
    Members(MembersOptions),
}

/// Options of `bascule cases`.
#[derive(Debug, Clone, clap::Args)]
pub struct CasesOptions {
    /// The action
    #[command(subcommand)]
    pub command: CasesCommand,
}

/// What `bascule cases` can do.
#[derive(Debug, Clone, Subcommand)]
pub enum CasesCommand {
    /// List the open cases, oldest first
    List {
        /// The database
        #[command(flatten)]
        database: DatabaseOptions,
        /// Include closed cases, newest first
        #[arg(long)]
        all: bool,
        /// The most cases to list
        #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=10_000))]
        limit: u32,
        /// Print them as one line of JSON
        #[arg(long)]
        json: bool,
    },
    /// Show a case: its meaning and the next steps
    Show {
        /// The database
        #[command(flatten)]
        database: DatabaseOptions,
        /// The case's id, as `list` shows it
        id: String,
    },
    /// Close a case. The case keeps who closed it, when and why, and is not opened again
    Close {
        /// The database
        #[command(flatten)]
        database: DatabaseOptions,
        /// The case's id, as `list` shows it
        id: String,
        /// The reason: findings and actions. No account numbers and no names
        #[arg(long, value_parser = values::reason)]
        reason: String,
    },
}

/// Options of `bascule members`.
#[derive(Debug, Clone, clap::Args)]
pub struct MembersOptions {
    /// The action
    #[command(subcommand)]
    pub command: MembersCommand,
}

/// What `bascule members` can do.
#[derive(Debug, Clone, Subcommand)]
pub enum MembersCommand {
    /// List the members and their settings
    List {
        /// The database
        #[command(flatten)]
        database: DatabaseOptions,
    },
    /// Change the settings of a member. A running gateway uses them within five seconds; running
    /// payments keep the settings from their creation
    Set {
        /// The database
        #[command(flatten)]
        database: DatabaseOptions,
        /// The member's id, m:…
        #[arg(value_parser = values::member)]
        member: MemberId,
        /// Whether the gateway sends the order of an approved payment by itself; off: after POST …/redeem
        #[arg(long, value_enum)]
        auto_redeem: Option<OnOff>,
        /// The member's own address to which banks redirect payers (TPP callback); `none`: the gateway's.
        /// Every bank of the member must know the address; a sandbox's banks learn it when they start
        #[arg(long, value_name = "URL|none", value_parser = values::address_or_none)]
        tpp_callback_url: Option<AddressOrNone>,
        /// Whether the member may request payments on behalf of others (actingAs, permission
        /// ACT_ON_BEHALF_OF)
        #[arg(long, value_enum)]
        act_on_behalf: Option<OnOff>,
        /// Whether the member may pay only to listed accounts
        #[arg(long, value_enum)]
        restrict_beneficiaries: Option<OnOff>,
        /// Adds an account to the list: an IBAN, a sort code and account number (123456-12345678), 26 Polish
        /// digits, or bban:…, bankgiro:…, plusgiro:…; may be repeated
        #[arg(long, value_name = "ACCOUNT", value_parser = values::account)]
        add_beneficiary: Vec<AccountIdentifier>,
        /// Removes an account from the list; may be repeated
        #[arg(long, value_name = "ACCOUNT", value_parser = values::account)]
        remove_beneficiary: Vec<AccountIdentifier>,
        /// Adds an alias of the member, for token requests: EMAIL, PHONE, DOMAIN,
        /// BANK, CUSTOM or EIDAS, a colon, and the name; may be repeated
        #[arg(long, value_name = "TYPE:VALUE", value_parser = values::alias)]
        alias: Vec<Alias>,
        /// Removes an alias; may be repeated
        #[arg(long, value_name = "TYPE:VALUE", value_parser = values::alias)]
        remove_alias: Vec<Alias>,
    },
}

/// The default sender of receipts.
pub const MAIL_FROM: &str = "Bascule <receipts@localhost>";

/// A switch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum OnOff {
    /// On
    On,
    /// Off
    Off,
}

/// Options of `bascule certs`.
#[derive(Debug, Clone, clap::Args)]
pub struct CertsOptions {
    /// The action
    #[command(subcommand)]
    pub command: CertsCommand,
}

/// What `bascule certs` can do.
#[derive(Debug, Clone, Subcommand)]
pub enum CertsCommand {
    /// Create look-alikes of a QWAC and a QSealC under your own certification authority
    Develop {
        /// The subject
        #[command(flatten)]
        subject: SubjectOptions,
        /// How long they are valid, in days
        #[arg(long, default_value_t = 365, value_parser = clap::value_parser!(i64).range(1..=3_650))]
        days: i64,
        /// The output folder; an authority that already exists there is used again
        #[arg(long, default_value = "certs")]
        out: PathBuf,
        /// Data directory of a sandbox: its authority issues the certificates, so its simulated banks trust them.
        /// Their organizationIdentifier is then the sandbox's
        #[arg(long, value_name = "DATA_DIR", conflicts_with = "organisation_id")]
        sandbox: Option<PathBuf>,
    },
    /// Create keys and requests (PKCS#10) for a real QWAC and QSealC
    Request {
        /// The subject
        #[command(flatten)]
        subject: SubjectOptions,
        /// The output folder
        #[arg(long, default_value = "certs")]
        out: PathBuf,
    },
    /// Show the contents of a certificate
    Show {
        /// A PEM file
        file: PathBuf,
    },
    /// Add a QWAC and a QSealC to the gateway, which uses the newest valid ones
    Add {
        /// The database
        #[command(flatten)]
        database: DatabaseOptions,
        /// The licensed member that owns them, m:…; without it the gateway owns them
        #[arg(long, value_parser = values::member)]
        member: Option<MemberId>,
        /// PEM: the QWAC, then the certificates above it
        #[arg(long)]
        qwac: PathBuf,
        /// Its private key, PKCS#8 PEM
        #[arg(long)]
        qwac_key: PathBuf,
        /// PEM: the QSealC
        #[arg(long)]
        qseal: PathBuf,
        /// Its private key, PKCS#8 PEM
        #[arg(long)]
        qseal_key: PathBuf,
    },
    /// List the certificates of the gateway with their validity
    List {
        /// The database
        #[command(flatten)]
        database: DatabaseOptions,
    },
    /// Remove a certificate from the gateway
    Remove {
        /// The database
        #[command(flatten)]
        database: DatabaseOptions,
        /// SHA-256 of the certificate, as `list` shows it
        fingerprint: String,
    },
}

/// The database of a gateway.
#[derive(Debug, Clone, clap::Args)]
pub struct DatabaseOptions {
    /// Data directory of the gateway
    #[arg(long, default_value = "bascule-data")]
    pub data_dir: PathBuf,
    /// PostgreSQL instead of the data directory's SQLite: the URL of the gateway's database
    #[arg(long, value_name = "URL")]
    pub database: Option<String>,
}

/// The subject of certificates.
#[derive(Debug, Clone, clap::Args)]
pub struct SubjectOptions {
    /// organizationIdentifier: PSD, country, authority, authorisation number
    #[arg(long, default_value = "PSDGB-FCA-123456")]
    pub organisation_id: String,
    /// Legal name of the organisation
    #[arg(long, default_value = "Example Payments Ltd")]
    pub organisation: String,
    /// DNS name (QWAC) and common name
    #[arg(long, default_value = "tpp.example")]
    pub name: String,
    /// ISO 3166-1 alpha-2
    #[arg(long, default_value = "GB", value_parser = values::country)]
    pub country: String,
    /// Roles of the provider, repeated or separated by commas
    #[arg(long, value_delimiter = ',', default_values = ["PSP_PI", "PSP_AI"], value_parser = values::role)]
    pub roles: Vec<Role>,
    /// Name of the national competent authority
    #[arg(long, default_value = "Financial Conduct Authority")]
    pub authority: String,
}

/// Options of `bascule calls`.
#[derive(Debug, Clone, clap::Args)]
pub struct CallsOptions {
    /// The payment's id, `pm2:…`
    #[arg(value_parser = values::payment)]
    pub payment: PaymentId,
    /// The database
    #[command(flatten)]
    pub database: DatabaseOptions,
    /// Include requests and answers, redacted
    #[arg(long)]
    pub full: bool,
    /// Print everything as one line of JSON
    #[arg(long)]
    pub json: bool,
}

/// Options of `bascule sandbox`.
#[derive(Debug, Clone, clap::Args)]
pub struct SandboxOptions {
    /// Port of the gateway; the simulated banks use the next one. 0 selects free ports
    #[arg(long, default_value_t = 8000)]
    pub port: u16,
    /// Port of the simulated banks, if it is not the next one
    #[arg(long)]
    pub bank_port: Option<u16>,
    /// The directory of the database and the keys
    #[arg(long, default_value = "bascule-data")]
    pub data_dir: PathBuf,
    /// A folder of banks, `<country>/<id>.toml`, that join the simulated ones; may be repeated.
    /// Payments to them go over the network. SIGHUP loads the folders again
    #[arg(long, value_name = "DIR")]
    pub banks: Vec<PathBuf>,
    /// Keep no data after the process ends
    #[arg(long, conflicts_with = "data_dir")]
    pub ephemeral: bool,
    /// Use PostgreSQL (15 or later) instead of the embedded SQLite: the URL of a database for this
    /// sandbox alone
    #[arg(long, value_name = "URL")]
    pub database: Option<String>,
    /// Another host of the gateway, as members' tokens name it; may be repeated
    #[arg(long, value_name = "HOST", value_parser = values::host)]
    pub accepted_host: Vec<String>,
    /// The origin of a browser page that may call the whole API, such as https://shop.example; may
    /// be repeated. Every origin may read public data
    #[arg(long, value_name = "ORIGIN", value_parser = values::origin)]
    pub browser_origin: Vec<String>,
    /// The network of a proxy in front of the gateway, such as 10.0.0.0/8: its `X-Forwarded-For` names
    /// the payer's address; may be repeated
    #[arg(long, value_name = "NETWORK", value_parser = values::network)]
    pub trusted_proxy: Vec<ipnet::IpNet>,
    /// How long a simulated bank takes to execute an order, in milliseconds
    #[arg(long, default_value_t = 800, value_name = "MS")]
    pub execution_delay: u64,
    /// How long one exchange with a bank may take, in milliseconds
    #[arg(long, default_value_t = 10_000, value_name = "MS",
        value_parser = clap::value_parser!(u64).range(1..=20_000))]
    pub bank_timeout: u64,
    /// Connections to the gateway at the same time; above it, the gateway closes those that wait longest
    /// for a request. Default: as many as the limit of open files allows, at most 10000
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub connections: Option<u32>,
    /// How long a connection may wait for its next request, in milliseconds
    #[arg(long, default_value_t = http_server::IDLE_MS, value_name = "MS",
        value_parser = clap::value_parser!(u64).range(1..=3_600_000))]
    pub idle_timeout: u64,
    /// How long the head of a request may take, in milliseconds
    #[arg(long, default_value_t = http_server::HEAD_MS, value_name = "MS",
        value_parser = clap::value_parser!(u64).range(1..=3_600_000))]
    pub head_timeout: u64,
    /// How long the body of a request may take, in milliseconds
    #[arg(long, default_value_t = http_server::BODY_MS, value_name = "MS",
        value_parser = clap::value_parser!(u64).range(1..=3_600_000))]
    pub body_timeout: u64,
    /// Requests per minute that each member may send, and at once: 600:50. A single number sets both;
    /// no limit without this option
    #[arg(long, value_name = "PER_MINUTE[:AT_ONCE]", value_parser = rate_limit::of_text)]
    pub rate_limit: Option<RateLimit>,
    /// The limit of one member, or none; may be repeated
    #[arg(long, value_name = "MEMBER=LIMIT|none", value_parser = rate_limit::of_member)]
    pub member_rate_limit: Vec<(MemberId, Option<RateLimit>)>,
    /// The mail server for receipts: smtps://user:password@host, smtp://host:587?tls=required, or
    /// smtp://localhost:1025. Without it, receipts are files in the data directory
    #[arg(long, value_name = "URL")]
    pub smtp_url: Option<String>,
    /// The sender of receipts: "Shop receipts <receipts@shop.example>"
    #[arg(long, value_name = "ADDRESS", default_value = MAIL_FROM)]
    pub mail_from: String,
    /// Print the values of the ready sandbox as one line of JSON
    #[arg(long)]
    pub json: bool,
}

/// The API flow, and who guides the payer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PayFlow {
    /// Payments v2 on the merchant's own pages, with every step that the bank requires
    ApiOnly,
    /// Payments v2 on the hosted pages: bank picker first
    FullHostedPages,
    /// Payments v2 on the hosted pages of a bank that the merchant chose
    EmbeddedHostedPages,
    /// Payments v2 by link, which leads to the hosted pages
    Link,
    /// Payments v1 on the merchant's own pages: token request, then transfer
    Transfer,
    /// Payments v1 on the hosted pages: token request, then transfer
    TransferHostedPages,
    /// Payments v1 on the merchant's own pages: token request, then standing order
    StandingOrder,
}

impl PayFlow {
    /// `flowType` of `POST /v2/payments`; `None` for payments v1.
    #[must_use]
    pub fn type_on_the_wire(self) -> Option<&'static str> {
        match self {
            PayFlow::ApiOnly => Some("API_ONLY"),
            PayFlow::FullHostedPages => Some("FULL_HOSTED_PAGES"),
            PayFlow::EmbeddedHostedPages => Some("EMBEDDED_HOSTED_PAGES"),
            PayFlow::Link => Some("PAY_BY_LINK_HOSTED_PAGES"),
            PayFlow::Transfer | PayFlow::TransferHostedPages | PayFlow::StandingOrder => None,
        }
    }
}

/// Options of `bascule pay`.
#[derive(Debug, Clone, clap::Args)]
pub struct PayOptions {
    /// Amount in the bank's currency; some have a fixed outcome, e.g. 108: insufficient funds (see
    /// /sim/)
    #[arg(long, default_value = "10.23", allow_hyphen_values = true, value_parser = values::amount)]
    pub amount: String,
    /// The simulated bank: the page /sim/ lists them
    #[arg(long, default_value = "ob-modelo")]
    pub bank: String,
    /// The API flow, and who guides the payer
    #[arg(long, value_enum, default_value_t = PayFlow::ApiOnly)]
    pub flow: PayFlow,
    /// The payer's method at a bank that offers a choice, or the beginning of its name: photoTAN
    #[arg(long)]
    pub method: Option<String>,
    /// The payer declines at the bank
    #[arg(long)]
    pub decline: bool,
    /// Data directory of the running sandbox; without one, a sandbox is started for this payment
    #[arg(long, default_value = "bascule-data")]
    pub data_dir: PathBuf,
    /// How long to wait for the final status and its webhook, in seconds
    #[arg(long, default_value_t = 30, value_name = "SECONDS",
        value_parser = clap::value_parser!(u64).range(1..=3_600))]
    pub patience: u64,
    /// Print the result as one line of JSON
    #[arg(long)]
    pub json: bool,
}
