//! What `--help` prints below the options. A test parses every example.

use crate::exit::Exit;

/// The product in one line.
pub const SUMMARY: &str = "An open-banking gateway: one API towards many banks";

/// The product in a paragraph.
pub const ABOUT: &str = "\
An open-banking gateway: one API towards third-party providers and merchants, many bank APIs behind it.

The API is compatible on the wire with the published Token.io TPP API. Behind it the gateway speaks UK \
Open Banking, Berlin Group NextGenPSD2, STET and PolishAPI. `bascule sandbox` starts it with 21 \
simulated banks and a demo shop, on this machine and offline; `bascule pay` then makes a payment.";

/// Examples of the whole program.
pub const ALL: &str = "\
Examples:
  bascule sandbox
  bascule pay
  bascule banks templates --country PL
  bascule calls --help";

/// Examples of `bascule sandbox`.
pub const SANDBOX: &str = "\
Examples:
  bascule sandbox
  bascule sandbox --ephemeral --port 0 --json
  bascule sandbox --banks my-banks
  bascule sandbox --data-dir /var/lib/bascule --rate-limit 600:50
  bascule sandbox --database postgres://bascule@localhost/bascule";

/// Examples of `bascule pay`.
pub const PAY: &str = "\
Examples:
  bascule pay
  bascule pay --bank ob-iron --flow full-hosted-pages
  bascule pay --bank bg-ahorn --method chipTAN
  bascule pay --bank stet-saule --flow link
  bascule pay --bank pl-dab --flow standing-order
  bascule pay --amount 108
  bascule pay --decline

Special amounts lead to special outcomes, such as 108: not enough money. The page /sim/ of the \
sandbox's banks lists them.";

/// Examples of `bascule calls`.
pub const CALLS: &str = "\
Examples:
  bascule calls pm2:2dPMaPrXkdTd9cZcVKVHQM:bscuLe
  bascule calls pm2:2dPMaPrXkdTd9cZcVKVHQM:bscuLe --full
  bascule calls pm2:2dPMaPrXkdTd9cZcVKVHQM:bscuLe --json --data-dir /var/lib/bascule";

/// Examples of `bascule certs`.
pub const CERTS: &str = "\
Examples:
  bascule certs develop
  bascule certs develop --sandbox bascule-data --out trusted
  bascule certs request --organisation-id PSDPL-KNF-0000000001 --country PL --out real
  bascule certs show certs/qwac.pem
  bascule certs add --qwac trusted/qwac.pem --qwac-key trusted/qwac.key.pem \
--qseal trusted/qseal.pem --qseal-key trusted/qseal.key.pem
  bascule certs list";

/// Examples of `bascule banks`.
pub const BANKS: &str = "\
Examples:
  bascule banks templates
  bascule banks templates --country PL
  bascule banks template lloyds
  bascule banks show my-banks lloyds
  bascule banks check my-banks
  bascule banks try my-banks --bank lloyds --certificates real
  bascule banks register my-banks lloyds --data-dir bascule-data";

/// Examples of `bascule cases`.
pub const CASES: &str = "\
Examples:
  bascule cases list
  bascule cases list --all --json
  bascule cases show 2dPMaPrXkdTd9cZcVKVHQM:000007:0
  bascule cases close 2dPMaPrXkdTd9cZcVKVHQM:000007:0 --reason bank-confirmed-that-it-executed-nothing

docs/cases.md explains every kind of case.";

/// Examples of `bascule members`.
pub const MEMBERS: &str = "\
Examples:
  bascule members list
  bascule members set m:2dPMaPrXkdTd9cZcVKVHQM:bscuLe --auto-redeem off
  bascule members set m:2dPMaPrXkdTd9cZcVKVHQM:bscuLe --restrict-beneficiaries on \
--add-beneficiary GB29NWBK60161331926819";

/// [`ALL`] and the exit codes.
#[must_use]
pub fn of_program() -> String {
    let codes = Exit::ALL.map(|exit| format!("\n  {}  {}", exit.code(), exit.meaning())).concat();
    format!("{ALL}\n\nExit codes:{codes}")
}
