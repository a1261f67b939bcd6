//! Lists of a directory with as many banks as one holds: pages, filters and searches over HTTP.

use std::path::Path;

use crate::driver::{Load, Outcome, Task};
use crate::progress;
use crate::servers::{self, Server};

/// The operator's banks; those of the simulator are beside them, and a directory holds 10,000.
const BANKS: usize = 9_900;
/// Countries over which the banks are spread.
const COUNTRIES: [&str; 8] = ["DE", "FR", "GB", "IT", "NL", "PL", "ES", "AT"];
/// How many ask at the same time.
const CONNECTIONS: u32 = 4;
/// How many requests are made.
const REQUESTS: u32 = 4_000;
/// The answer to 99 of 100 requests should come within this, in microseconds.
const P99_US: u64 = 20_000;

/// Starts a gateway with that many banks and lists them. The sentence for the report.
///
/// # Errors
/// If the folder cannot be written, or the gateway does not answer.
pub fn measure(
    program: &Path,
    drive: fn(&Task) -> anyhow::Result<Outcome>,
) -> anyhow::Result<String> {
    progress(&format!("listing {BANKS} banks"));
    let folder = tempfile::tempdir()?;
    for number in 0..BANKS {
        let country = COUNTRIES[number % COUNTRIES.len()];
        let own = folder.path().join(country.to_lowercase());
        std::fs::create_dir_all(&own)?;
        std::fs::write(own.join(format!("bank-{number}.toml")), file(number, country))?;
    }
    let subject = servers::gateway("bascule, many banks", program, None, Some(folder.path()));
    let server = Server::start(&subject)?;
    let (connections, requests) = (CONNECTIONS, REQUESTS);
    let load = Load::Banks(queries());
    let task = Task { ready: server.ready.clone(), connections, requests, load };
    let Outcome { p50_us, p99_us, .. } = drive(&task)?;
    let verdict = if p99_us < P99_US { "within" } else { "ABOVE" };
    Ok(format!(
        "Lists, filters and searches of {BANKS} banks (GET /v2/banks, GET /banks), {CONNECTIONS} at a \
         time: p50 {} ms, p99 {} ms, {verdict} the {} ms that are wanted.",
        milliseconds(p50_us),
        milliseconds(p99_us),
        P99_US / 1_000,
    ))
}

/// Tenths of milliseconds as a decimal.
fn milliseconds(us: u64) -> String {
    format!("{}.{}", us / 1_000, us % 1_000 / 100)
}

fn queries() -> Vec<String> {
    [
        "/v2/banks?page=1&perPage=100",
        "/v2/banks?perPage=200&countries=DE",
        "/v2/banks?perPage=50&search=number%2077",
        "/v2/banks?ids=bank-42",
        "/banks?page=1&perPage=100",
        "/banks?page=40&perPage=100",
        "/banks?search=number%209&country=FR",
        "/bank/countries",
    ]
    .map(str::to_owned)
    .into()
}

fn file(number: usize, country: &str) -> String {
    format!(
        "id = \"bank-{number}\"\nname = \"Bank number {number}\"\nbic = \"BENC{country}2A\"\n\
         countries = [\"{country}\"]\nbank_group = \"Group {}\"\n\
         api_base_url = \"https://bank-{number}.invalid/psd2\"\nrails = [\"sepa\", \"sepa_instant\"]\n\
         currencies = [\"EUR\"]\nsca_methods = [\"redirect\"]\n\
         capabilities = [\"single_payment\"]\n\n[standard.stet]\nversion = \"1.5\"\n\
         token_url = \"https://bank-{number}.invalid/token\"\n",
        number % 97,
    )
}
