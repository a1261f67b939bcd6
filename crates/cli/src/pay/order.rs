//! The order for a bank: rail, currency, payee and payer, from the bank's public profile.

use anyhow::{Context, bail};
use domain::seams::Clock;
use jiff::ToSpan;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::payer::Payer;
use crate::args::PayFlow;
use crate::merchant::Merchant;
use crate::seams::{SystemClock, SystemIds};

/// The most banks that a message lists.
const NAMED_MAX: usize = 100;
/// Random digits of a reference.
const REFERENCE_DIGITS: usize = 13;
/// The days from today to the first payment of a standing order.
const FIRST_PAYMENT_DAYS: i64 = 7;

/// One bank, as `GET /v2/banks` describes it.
pub struct Bank {
    profile: Value,
}

impl Bank {
    /// Asks the gateway.
    ///
    /// # Errors
    /// Names the banks that can be used, where this one cannot.
    pub async fn find(merchant: &Merchant, id: &str, flow: PayFlow) -> anyhow::Result<Bank> {
        let answer = merchant.call(http::Method::GET, "/v2/banks", None).await?;
        let banks = answer["banks"].as_array().context("GET /v2/banks answered without `banks`")?;
        let fits = |bank: &&Value| flow != PayFlow::StandingOrder || has_standing_orders(bank);
        let names = || {
            let ids = banks.iter().filter(fits).filter_map(|bank| bank["id"].as_str());
            ids.take(NAMED_MAX).collect::<Vec<_>>().join(", ")
        };
        match banks.iter().find(|bank| bank["id"] == id) {
            Some(bank) if fits(&bank) => Ok(Bank { profile: bank.clone() }),
            Some(_) => bail!("--bank {id} has no standing orders; banks that have: {}", names()),
            None => bail!("--bank {id}: there is no such bank; expected is one of {}", names()),
        }
    }

    /// How the money travels by default.
    fn rail(&self) -> anyhow::Result<Rail> {
        let name = self.profile["supportedLocalInstruments"][0].as_str().unwrap_or_default();
        Ok(match name {
            "FASTER_PAYMENTS" | "BACS" | "CHAPS" => Rail {
                name: name.to_owned(),
                currency: "GBP",
                creditor: json!({ "sortCode": "123456", "accountNumber": "12345678" }),
                destination: json!({ "fasterPayments": {
                    "sortCode": "123456", "accountNumber": "12345678" } }),
            },
            "SEPA" | "SEPA_INSTANT" => Rail {
                name: name.to_owned(),
                currency: "EUR",
                creditor: json!({ "iban": "DE02120300000000202051" }),
                destination: json!({ "sepa": { "iban": "DE02120300000000202051" } }),
            },
            "ELIXIR" => Rail {
                name: name.to_owned(),
                currency: "PLN",
                creditor: json!({ "iban": "PL61109010140000071219812874" }),
                destination: json!({ "elixir": { "accountNumber": "61109010140000071219812874" } }),
            },
            "EU_DOMESTIC_NON_EURO" => self.domestic(name)?,
            other => bail!("this command knows no payee who is paid by `{other}`"),
        })
    }

    /// A payee in the own currency of the bank's country.
    fn domestic(&self, name: &str) -> anyhow::Result<Rail> {
        let country = self.profile["countries"][0].as_str().unwrap_or_default();
        let (currency, creditor) = match country {
            "CZ" => ("CZK", json!({ "iban": "CZ1499900000000000001038" })),
            "DK" => ("DKK", json!({ "iban": "DK8779990000001015" })),
            "HU" => ("HUF", json!({ "iban": "HU44999000091000114300000000" })),
            "NO" => ("NOK", json!({ "bban": "86011001140" })),
            "RO" => ("RON", json!({ "iban": "RO39STEJ0000000000001015" })),
            "SE" => ("SEK", json!({ "bban": "1001021", "clearingNumber": "9990" })),
            other => bail!("this command knows no payee in the currency of `{other}`"),
        };
        let destination = json!({ "euDomesticNonEuro": creditor });
        Ok(Rail { name: name.to_owned(), currency, creditor, destination })
    }

    /// Whether the bank wants to know the account that pays before the approval.
    fn wants_debtor(&self) -> bool {
        let fields = self.profile["mandatoryFields"].as_array().into_iter().flatten();
        let mut paths = fields.filter_map(|one| one["fieldPaths"].as_array()).flatten();
        paths.any(|path| path.as_str().is_some_and(|path| path.starts_with("initiation.debtor")))
    }

    /// The body of `POST /v2/payments`.
    ///
    /// # Errors
    /// If the bank's rail is not known here.
    pub fn payment(
        &self,
        amount: &str,
        payer: &Payer,
        flow: (&str, PayFlow),
        shop_url: &str,
    ) -> anyhow::Result<Value> {
        let (flow_type, flow) = flow;
        let Rail { name, currency, mut creditor, .. } = self.rail()?;
        creditor["name"] = json!("Customer Inc.");
        let mut initiation = json!({
            "bankId": payer.bank,
            "refId": reference(),
            "remittanceInformationPrimary": "BASCULE-PAY",
            "amount": { "value": amount, "currency": currency },
            "localInstrument": name,
            "creditor": creditor,
            "callbackUrl": shop_url,
            "callbackState": "bascule-pay",
            "flowType": flow_type,
        });
        match flow {
            // The payer chooses the bank, and names the account where the bank wants it.
            PayFlow::FullHostedPages | PayFlow::Link => initiation["bankId"].take(),
            _ if self.wants_debtor() => {
                initiation["debtor"] = json!({ "iban": payer.account, "name": payer.name });
                Value::Null
            }
            _ => Value::Null,
        };
        Ok(json!({ "initiation": initiation }))
    }

    /// The body of `POST /token-requests`.
    ///
    /// # Errors
    /// If the bank's rail is not known here.
    pub fn token_request(
        &self,
        amount: &str,
        payer: &Payer,
        flow: PayFlow,
        (member, shop_url): (&str, &str),
    ) -> anyhow::Result<Value> {
        let Rail { currency, mut destination, .. } = self.rail()?;
        destination["customerData"] = json!({ "legalNames": ["Customer Inc."] });
        let mut instructions = json!({ "transferDestinations": [destination] });
        let payer_chooses = flow == PayFlow::TransferHostedPages;
        if self.wants_debtor() && !payer_chooses {
            instructions["source"] = json!({
                "accountIdentifier": { "iban": { "iban": payer.account } },
                "customerData": { "legalNames": [payer.name] },
            });
        }
        let mut payload = json!({
            "to": { "id": member },
            "refId": reference(),
            "redirectUrl": shop_url,
            "callbackState": "bascule-pay",
        });
        let mut body = json!({
            "currency": currency,
            "remittanceReference": "BASCULE-PAY",
            "instructions": instructions,
        });
        if flow == PayFlow::StandingOrder {
            let today = SystemClock.now().to_zoned(TimeZone::UTC).date();
            let first = today.saturating_add(FIRST_PAYMENT_DAYS.days());
            body["amount"] = json!(amount);
            body["frequency"] = json!("MNTH");
            body["startDate"] = json!(first.to_string());
            body["endDate"] = json!(first.saturating_add(1.year()).to_string());
            payload["standingOrderBody"] = body;
        } else {
            body["lifetimeAmount"] = json!(amount);
            payload["transferBody"] = body;
        }
        let options = if payer_chooses { json!({}) } else { json!({ "bankId": payer.bank }) };
        Ok(json!({ "requestOptions": options, "requestPayload": payload }))
    }
}

/// A reference of its own for each payment, as payments v1 want it.
fn reference() -> String {
    let random: String =
        domain::ids::random_uuid(&SystemIds).chars().take(REFERENCE_DIGITS).collect();
    format!("PAY-{random}")
}

fn has_standing_orders(bank: &Value) -> bool {
    bank["supportsStandingOrder"] == true
}

/// How money travels, in which currency, and a payee whom it reaches.
struct Rail {
    name: String,
    currency: &'static str,
    /// In a payment's words.
    creditor: Value,
    /// In a token request's words.
    destination: Value,
}
