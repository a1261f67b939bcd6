//! Values of options: each function reads one, or says what was expected instead.

use banks::eidas::Role;
use domain::account::AccountIdentifier;
use domain::alias::Alias;
use domain::country::is_country;
use domain::ids::{MemberId, PaymentId};
use domain::money::{Amount, Currency};

/// Longest address, in bytes.
const URL_BYTES_MAX: usize = 2_048;

/// A positive decimal number, as the API accepts it. The API checks the decimal places of the
/// currency.
///
/// # Errors
/// Says what is expected.
pub fn amount(text: &str) -> Result<String, String> {
    Amount::parse(text, Currency::GBP)
        .map(|_| text.to_owned())
        .map_err(|error| format!("{error}; expected is a positive decimal number, such as 10.23"))
}

/// The code of a country (ISO 3166-1 alpha-2), in upper or lower case.
///
/// # Errors
/// Says what is expected.
pub fn country(text: &str) -> Result<String, String> {
    let code = text.to_ascii_uppercase();
    match is_country(&code) {
        true => Ok(code),
        false => Err("no country has this code; expected is ISO 3166-1 alpha-2, such as GB".into()),
    }
}

/// Longest reason, in characters.
const REASON_CHARACTERS_MAX: usize = 500;

/// The reason for closing a case: one line.
///
/// # Errors
/// Says what is expected.
pub fn reason(text: &str) -> Result<String, String> {
    let text = text.trim();
    let fits = (1..=REASON_CHARACTERS_MAX).contains(&text.chars().count())
        && !text.chars().any(char::is_control);
    match fits {
        true => Ok(text.to_owned()),
        false => Err(format!(
            "expected is one line of 1 to {REASON_CHARACTERS_MAX} characters that says what was found \
             out and done"
        )),
    }
}

/// A payment's id.
///
/// # Errors
/// Says what is expected.
pub fn payment(text: &str) -> Result<PaymentId, String> {
    text.parse().map_err(|_| format!("`{text}` is not a payment id; expected is pm2:…:bscuLe"))
}

/// A member's id.
///
/// # Errors
/// Says what is expected.
pub fn member(text: &str) -> Result<MemberId, String> {
    text.parse().map_err(|_| {
        format!("`{text}` is not a member id; expected is m:…:bscuLe, see `bascule members list`")
    })
}

/// Another name of a member.
///
/// # Errors
/// Says what is expected.
pub fn alias(text: &str) -> Result<Alias, String> {
    text.parse().map_err(|error| format!("`{text}` is not an alias: {error}"))
}

/// A role of a payment service provider.
///
/// # Errors
/// Says what is expected.
pub fn role(text: &str) -> Result<Role, String> {
    Role::from_name(text).ok_or_else(|| {
        let names = Role::ALL.map(Role::name).join(", ");
        format!("`{text}` is not a role; expected is one of {names}")
    })
}

/// The origin of a browser page: scheme, host, and a port if it is not the default.
///
/// # Errors
/// Says what is expected.
pub fn origin(text: &str) -> Result<String, String> {
    let plain = text.trim_end_matches('/');
    let same = url::Url::parse(plain)
        .is_ok_and(|url| url.has_host() && url.origin().ascii_serialization() == plain);
    match same {
        true => Ok(plain.to_owned()),
        false => Err(format!(
            "`{text}` is no origin; expected is a scheme and a host in small letters, and a port \
             where it is not the usual one, such as https://shop.example"
        )),
    }
}

/// The network of a proxy: an address and how many of its bits count, or an address alone.
///
/// # Errors
/// Says what is expected.
pub fn network(text: &str) -> Result<ipnet::IpNet, String> {
    let alone = || text.parse::<std::net::IpAddr>().map(ipnet::IpNet::from);
    text.parse::<ipnet::IpNet>().or_else(|_| alone()).map_err(|_| {
        format!("`{text}` is not a network; expected is an address such as 10.0.0.1, or 10.0.0.0/8")
    })
}

/// A host of the gateway, with an optional port.
///
/// # Errors
/// Says what is expected.
pub fn host(text: &str) -> Result<String, String> {
    let url = url::Url::parse(&format!("http://{text}/"));
    let only_a_host = url.is_ok_and(|url| {
        url.path() == "/" && url.username().is_empty() && url.password().is_none()
    }) && !text.contains(['/', '?', '#', '@']);
    match only_a_host {
        true => Ok(text.to_owned()),
        false => Err(format!(
            "`{text}` is no host; expected is a name, and a port where there is one, such as \
             api.example or api.example:8443"
        )),
    }
}

/// An address of a member, or `None` for `none`.
///
/// # Errors
/// Says what is expected.
pub fn address_or_none(text: &str) -> Result<AddressOrNone, String> {
    if text == "none" {
        return Ok(AddressOrNone(None));
    }
    let url = url::Url::parse(text).ok();
    let fits = text.len() <= URL_BYTES_MAX
        && url.is_some_and(|url| {
            ["http", "https"].contains(&url.scheme()) && url.has_host() && url.fragment().is_none()
        });
    match fits {
        true => Ok(AddressOrNone(Some(text.to_owned()))),
        false => Err(format!(
            "`{text}` is no address; expected is an http or https URL without `#`, such as \
             https://shop.example/from-the-bank, or `none`"
        )),
    }
}

/// An address, or the word `none`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddressOrNone(pub Option<String>);

/// An account as an operator writes it: an IBAN, a sort code and account number
/// (`123456-12345678`), 26 Polish digits, or `bban:…`, `bankgiro:…`, `plusgiro:…`.
///
/// # Errors
/// Says what is expected.
pub fn account(text: &str) -> Result<AccountIdentifier, String> {
    let plain: String = text.chars().filter(|one| !one.is_whitespace()).collect();
    let of_digits = |text: &str| !text.is_empty() && text.bytes().all(|one| one.is_ascii_digit());
    let account = if let Some((kind, number)) = plain.split_once(':') {
        let (number, bic) = (number.to_owned(), None);
        match kind {
            "bban" => AccountIdentifier::Bban { bban: number, clearing_number: None, bic },
            "bankgiro" => AccountIdentifier::Bankgiro { bankgiro_number: number, bic },
            "plusgiro" => AccountIdentifier::Plusgiro { plusgiro_number: number, bic },
            _ => {
                return Err(format!(
                    "`{kind}:` is not a kind of account; expected is bban:…, bankgiro:… or plusgiro:…"
                ));
            }
        }
    } else if of_digits(&plain) {
        AccountIdentifier::AccountNumber { account_number: plain, bic: None }
    } else {
        // Sort codes may have hyphens of their own.
        match plain.rsplit_once('-') {
            Some((sort_code, number)) if of_digits(&sort_code.replace('-', "")) => {
                AccountIdentifier::SortCode {
                    sort_code: sort_code.to_owned(),
                    account_number: number.to_owned(),
                }
            }
            _ => AccountIdentifier::Iban { iban: plain, bic: None },
        }
    };
    account.checked().map_err(|error| format!("`{text}` is not an account: {error}"))
}
