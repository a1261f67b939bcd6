//! The command line of `bascule banks`.

use std::path::PathBuf;

use clap::Subcommand;

use super::{DatabaseOptions, values};

/// Options of `bascule banks`.
#[derive(Debug, Clone, clap::Args)]
pub struct BanksOptions {
    /// The action
    #[command(subcommand)]
    pub command: BanksCommand,
}

/// What `bascule banks` can do.
#[derive(Debug, Clone, Subcommand)]
pub enum BanksCommand {
    /// List the templates: countries, id, standard, name
    Templates {
        /// ISO 3166-1 alpha-2; all countries if absent
        #[arg(long, value_parser = values::country)]
        country: Option<String>,
    },
    /// Print the file that completes a template: the missing values, and the sources of the others
    Template {
        /// Id of the template
        id: String,
    },
    /// Print a bank of a folder as the gateway uses it: its file over its template, without secrets;
    /// its certificates, and what no source says
    Show {
        /// The folder that holds `<country>/<id>.toml`
        folder: PathBuf,
        /// Id of the bank
        id: String,
    },
    /// Load a folder of banks, and list them or report errors; warn of values without a source
    Check {
        /// The folder that holds `<country>/<id>.toml`
        folder: PathBuf,
    },
    /// Call the banks of a folder without creating anything there: discovery, keys, our own access
    /// token, or a TLS connection, depending on the standard
    Try(TryOptions),
    /// Register at a bank whose file has [registration], and keep the client that the bank makes
    Register(RegisterOptions),
    /// List the registrations and the attempts that had no answer
    Registrations {
        /// The database
        #[command(flatten)]
        database: DatabaseOptions,
    },
}

/// Options of `bascule banks register`.
#[derive(Debug, Clone, clap::Args)]
pub struct RegisterOptions {
    /// The folder that holds `<country>/<id>.toml`
    pub folder: PathBuf,
    /// Id of the bank
    pub id: String,
    /// The database
    #[command(flatten)]
    pub database: DatabaseOptions,
    /// The folder of our certificates, as for `bascule banks try`
    #[arg(long, value_name = "DIR")]
    pub certificates: Option<PathBuf>,
    /// The name (`kid`) of the QSealC's key in the directory of the bank, for UK Open Banking
    #[arg(long, value_name = "KID", default_value = "qseal")]
    pub key_id: String,
    /// Forget the registration or the attempt that is recorded, and register once more. The bank may
    /// then have two clients of ours
    #[arg(long)]
    pub again: bool,
}

/// Options of `bascule banks try`.
#[derive(Debug, Clone, clap::Args)]
pub struct TryOptions {
    /// The folder that holds `<country>/<id>.toml`
    pub folder: PathBuf,
    /// Only this bank
    #[arg(long, value_name = "ID")]
    pub bank: Option<String>,
    /// The folder of our certificates, as `bascule certs` writes it: qwac.pem, qseal.pem and their
    /// keys; `ca.pem`, if it is there, is trusted beside the system's authorities. Not needed for
    /// banks whose file has [certificates]
    #[arg(long, value_name = "DIR")]
    pub certificates: Option<PathBuf>,
    /// The name (`kid`) of the QSealC's key in the directory of the bank, for UK Open Banking
    #[arg(long, value_name = "KID", default_value = "qseal")]
    pub key_id: String,
    /// The database of the gateway, for banks whose file has [registration]
    #[command(flatten)]
    pub database: DatabaseOptions,
    /// Rehearse the change of certificates: use those of `certificates.next` now
    #[arg(long, conflicts_with = "certificates")]
    pub next: bool,
}
