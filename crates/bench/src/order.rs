//! The order that every measurement sends: about 3 KB of JSON, as shops send it, and the least
//! that a server has to do with it: read it into types and check each field.

use anyhow::{bail, ensure};
use serde::Deserialize;
use serde_json::json;

/// Bytes of the body, as measured at real clients.
pub const BODY_BYTES: usize = 3_125;
/// Where orders go.
pub const PATH: &str = "/v2/payments";

/// The body of order `number`; [`BODY_BYTES`] long.
#[must_use]
pub fn body(number: usize) -> String {
    let address = json!({
        "addressLine": ["Flat 2, Example House", "The Old Brewery Quarter, Building 7",
            "Ring twice, then wait: the stairs are long and steep"],
        "streetName": "High Street", "buildingNumber": "7", "postCode": "AB1 2CD",
        "townName": "Exampleton", "country": "GB",
    });
    let order = |callback_url: &str| {
        json!({"initiation": {
            "refId": format!("ORDER-{number:08}"),
            "remittanceInformationPrimary": format!("ORDER-{number:08}"),
            "remittanceInformationSecondary": "Two tickets for the ferry. ".repeat(5),
            "amount": {"value": "10.23", "currency": "GBP"},
            "localInstrument": "FASTER_PAYMENTS",
            "externalPsuReference": "customer-0017",
            "creditor": {
                "sortCode": "123456", "accountNumber": "12345678", "name": "Customer Inc.",
                "address": address,
            },
            "callbackUrl": callback_url,
            "callbackState": format!("basket-{number:08}"),
            "flowType": "FULL_HOSTED_PAGES",
            "risk": {"paymentContextCode": "ECOMMERCE_MERCHANT_INITIATED_PAYMENT",
                "merchantCategoryCode": "4812", "deliveryAddress": address},
        }})
        .to_string()
    };
    // The rest is what shops put into the return address: opaque text.
    let url = "https://shop.example/return?basket=";
    let missing = BODY_BYTES.saturating_sub(order(url).len());
    order(&format!(
        "{url}{}",
        "0123456789abcdef".repeat(missing / 16 + 1).get(..missing).unwrap_or("")
    ))
}

#[derive(Debug, Deserialize)]
struct Order<'a> {
    #[serde(borrow)]
    initiation: Initiation<'a>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Initiation<'a> {
    ref_id: &'a str,
    remittance_information_primary: &'a str,
    remittance_information_secondary: Option<&'a str>,
    external_psu_reference: Option<&'a str>,
    amount: Amount<'a>,
    local_instrument: Rail,
    creditor: Creditor<'a>,
    callback_url: &'a str,
    callback_state: Option<&'a str>,
    flow_type: Flow,
    risk: Option<Risk<'a>>,
}

#[derive(Debug, Deserialize)]
struct Amount<'a> {
    value: &'a str,
    currency: &'a str,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum Rail {
    FasterPayments,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum Flow {
    FullHostedPages,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Creditor<'a> {
    sort_code: &'a str,
    account_number: &'a str,
    name: &'a str,
    #[serde(borrow)]
    address: Option<Address<'a>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Address<'a> {
    #[serde(borrow)]
    address_line: Vec<&'a str>,
    street_name: &'a str,
    building_number: &'a str,
    post_code: &'a str,
    town_name: &'a str,
    country: &'a str,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Risk<'a> {
    payment_context_code: &'a str,
    merchant_category_code: &'a str,
    #[serde(borrow)]
    delivery_address: Option<Address<'a>>,
}

/// Reads an order and checks its fields. Returns its reference.
///
/// # Errors
/// Names the wrong field.
pub fn check(body: &[u8]) -> anyhow::Result<&str> {
    let order: Order<'_> = serde_json::from_slice(body)?;
    let asked = order.initiation;
    match (&asked.local_instrument, &asked.flow_type) {
        (Rail::FasterPayments, Flow::FullHostedPages) => {}
    }
    length("refId", asked.ref_id, 1, 35)?;
    length("remittanceInformationPrimary", asked.remittance_information_primary, 1, 35)?;
    let secondary = asked.remittance_information_secondary.unwrap_or("-");
    length("remittanceInformationSecondary", secondary, 1, 140)?;
    length("externalPsuReference", asked.external_psu_reference.unwrap_or("-"), 1, 64)?;
    length("callbackUrl", asked.callback_url, 1, 2_048)?;
    length("callbackState", asked.callback_state.unwrap_or("-"), 1, 2_048)?;
    ensure!(asked.callback_url.starts_with("https://"), "callbackUrl");
    ensure!(asked.amount.currency == "GBP", "currency");
    amount(asked.amount.value)?;
    digits("sortCode", asked.creditor.sort_code, 6)?;
    digits("accountNumber", asked.creditor.account_number, 8)?;
    length("name", asked.creditor.name, 1, 140)?;
    asked.creditor.address.as_ref().map_or(Ok(()), address)?;
    if let Some(risk) = &asked.risk {
        length("paymentContextCode", risk.payment_context_code, 1, 64)?;
        digits("merchantCategoryCode", risk.merchant_category_code, 4)?;
        risk.delivery_address.as_ref().map_or(Ok(()), address)?;
    }
    Ok(asked.ref_id)
}

fn address(address: &Address<'_>) -> anyhow::Result<()> {
    for line in &address.address_line {
        length("addressLine", line, 0, 70)?;
    }
    length("streetName", address.street_name, 0, 70)?;
    length("buildingNumber", address.building_number, 0, 16)?;
    length("postCode", address.post_code, 0, 16)?;
    length("townName", address.town_name, 0, 35)?;
    length("country", address.country, 2, 2)
}

/// Positive, at most thirteen digits before the point and two after it.
fn amount(value: &str) -> anyhow::Result<()> {
    let (whole, fraction) = value.split_once('.').unwrap_or((value, ""));
    let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    ensure!((1..=13).contains(&whole.len()) && all_digits(whole), "amount");
    ensure!(fraction.len() <= 2 && all_digits(fraction), "amount");
    ensure!(value.bytes().any(|byte| (b'1'..=b'9').contains(&byte)), "amount");
    Ok(())
}

fn digits(field: &str, text: &str, count: usize) -> anyhow::Result<()> {
    ensure!(text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit()), "{field}");
    Ok(())
}

fn length(field: &str, text: &str, least: usize, most: usize) -> anyhow::Result<()> {
    let found = text.chars().count();
    if !(least..=most).contains(&found) || text.chars().any(char::is_control) {
        bail!("{field} should have {least} to {most} characters");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_have_their_size_and_pass() {
        for number in [0, 7, 99_999_999] {
            let body = body(number);
            assert_eq!(body.len(), BODY_BYTES);
            assert_eq!(check(body.as_bytes()).unwrap(), format!("ORDER-{number:08}"));
        }
    }

    #[test]
    fn wrong_orders_do_not_pass() {
        for (sound, wrong) in [
            ("10.23", "0.00"),
            ("10.23", "1,23"),
            ("GBP", "XXX"),
            ("\"123456\"", "\"12345\""),
            ("FASTER_PAYMENTS", "SLOWER"),
            ("https://", "gopher:/"),
            ("\"ORDER-00000001\"", "\"\""),
        ] {
            let body = body(1).replacen(sound, wrong, 1);
            assert!(check(body.as_bytes()).is_err(), "{wrong}");
        }
        assert!(check(b"{").is_err());
    }
}
