//! Whether a bank can take a payment, and how and when it then executes it.

use std::sync::Arc;

use banks::misfit::{Misfit, MisfitKind};
use banks::profile::{BankProfile, Capability, MandatoryField};
use domain::account::AccountIdentifier;
use domain::execution::{Execution, NoRail};
use domain::field::{AccountField, Field, PartyField};
use domain::initiation::{Initiation, Order, Schedule, Visit};
use domain::payment::Payment;
use domain::rail::Rail;
use jiff::civil::DateTime;

use crate::error::Feature;
use crate::jobs::order_of;
use crate::{App, GatewayError};

/// The bank of that id.
pub(crate) fn bank_with_id(app: &App, bank_id: &str) -> Result<Arc<BankProfile>, GatewayError> {
    let unknown = || GatewayError::BankUnknown { bank_id: bank_id.chars().take(64).collect() };
    app.bank(bank_id).ok_or_else(unknown)
}

impl App {
    /// Whether new payments go to that bank: it is up, as far as is known, and not in an outage
    /// that its profile announces.
    #[must_use]
    pub fn takes_payments(&self, bank: &BankProfile) -> bool {
        self.health().is_up(&bank.id) && !bank.is_in_outage(self.now())
    }
}

/// How the bank executes the payment, if it can.
pub(super) fn execution_at(
    app: &App,
    bank: &BankProfile,
    order: &Order,
) -> Result<Execution, GatewayError> {
    if bank.lacks_registration() {
        return Err(GatewayError::NotRegistered { bank_id: bank.id.clone() });
    }
    if !app.takes_payments(bank) {
        return Err(GatewayError::BankUnavailable { bank_id: bank.id.clone() });
    }
    decide(bank, order, bank.local_time(app.now()))
}

/// How the bank executes the payment for which its payer chooses it, if it accepts the payment.
///
/// # Errors
/// Those of [`super::choose_bank`].
pub(crate) fn check_choice(
    app: &App,
    bank: &BankProfile,
    payment: &Payment,
    payer_account: Option<&AccountIdentifier>,
) -> Result<Execution, GatewayError> {
    if !is_offered(bank, &payment.initiation.visit) {
        let feature = Feature::Countries;
        return Err(GatewayError::FeatureNotSupported { bank_id: bank.id.clone(), feature });
    }
    let execution = execution_at(app, bank, &payment.initiation.order)?;
    check_mandatory(bank, &payment.initiation.order, execution.rail, payer_account.is_some())?;
    let payment = Payment { payer_account: payer_account.cloned(), ..payment.clone() };
    check_fit(app, bank, &payment, execution)?;
    Ok(execution)
}

/// How the bank executes the payment now, if it takes it but for what its payer is still asked for.
pub(crate) fn check_fit_now(
    app: &App,
    bank: &BankProfile,
    payment: &Payment,
) -> Result<Execution, GatewayError> {
    let execution = execution_at(app, bank, &payment.initiation.order)?;
    check_fit(app, bank, payment, execution)?;
    Ok(execution)
}

/// Whether the bank is among those that the member lets the payer choose from.
fn is_offered(bank: &BankProfile, visit: &Visit) -> bool {
    let countries = &visit.bank_countries;
    visit.bank_id.is_some()
        || countries.is_empty()
        || bank.countries.iter().any(|country| countries.contains(country))
}

/// Whether the bank, if it is up, could take a payment of that kind, whoever is paid.
pub(crate) fn could_take_kind(bank: &BankProfile, initiation: &Initiation) -> bool {
    is_offered(bank, &initiation.visit) && check_features(bank, &initiation.order).is_ok()
}

/// Whether the bank, if it is up, could take the payment as it was asked for.
#[must_use]
pub fn could_take(app: &App, bank: &BankProfile, payment: &Payment) -> bool {
    if !is_offered(bank, &payment.initiation.visit) || bank.lacks_registration() {
        return false;
    }
    let decided = decide(bank, &payment.initiation.order, bank.local_time(app.now()));
    decided.is_ok_and(|execution| check_fit(app, bank, payment, execution).is_ok())
}

fn decide(bank: &BankProfile, order: &Order, at: DateTime) -> Result<Execution, GatewayError> {
    let schedules = bank.can(Capability::FutureDatedPayment);
    let decided = Execution::decide(order, &bank.rail_terms(), schedules, at);
    let execution = decided.map_err(|why| match why {
        NoRail::NotOffered => GatewayError::FeatureNotSupported {
            bank_id: bank.id.clone(),
            feature: Feature::Rail(order.local_instrument),
        },
        NoRail::TooMuch { most } => {
            let currency = order.amount.currency();
            let text = format!("the amount should be at most {} {currency}", decimal(most));
            let misfit = Misfit { kind: MisfitKind::NotTaken, field: Some(Field::Amount), text };
            GatewayError::Misfit { bank_id: bank.id.clone(), misfit }
        }
        NoRail::TooPrecise { rail } => {
            GatewayError::AmountTooPrecise { currency: order.amount.currency(), rail }
        }
    })?;
    check_features(bank, order)?;
    Ok(execution)
}

/// Ten-thousandths as a decimal with two places.
fn decimal(ten_thousandths: i64) -> String {
    format!("{}.{:02}", ten_thousandths / 10_000, ten_thousandths % 10_000 / 100)
}

/// Whether the standard and the bank take the order's texts, words and accounts.
pub(super) fn check_fit(
    app: &App,
    bank: &BankProfile,
    payment: &Payment,
    execution: Execution,
) -> Result<(), GatewayError> {
    let order = order_of(bank, &Payment { execution: Some(execution), ..payment.clone() });
    let fits = app.protocols().protocol_for(bank).fits(bank, &order);
    fits.and_then(|()| bank.check_formats(&order.content))
        .and_then(|()| bank.check_standing_order(&order.content))
        .map_err(|misfit| GatewayError::Misfit { bank_id: bank.id.clone(), misfit })
}

/// Whether the bank offers what the payment needs, whoever is paid.
pub(crate) fn check_features(bank: &BankProfile, order: &Order) -> Result<(), GatewayError> {
    let lacks =
        |feature| Err(GatewayError::FeatureNotSupported { bank_id: bank.id.clone(), feature });
    let currency = order.amount.currency();
    if !bank.currencies.contains(&currency) {
        return lacks(Feature::Currency(currency));
    }
    let (capability, feature) = match order.schedule {
        Schedule::Immediate => (Capability::SinglePayment, Feature::SinglePayment),
        Schedule::FutureDated { .. } => {
            (Capability::FutureDatedPayment, Feature::FutureDatedPayment)
        }
        Schedule::StandingOrder { .. } => (Capability::StandingOrder, Feature::StandingOrder),
    };
    if !bank.can(capability) {
        return lacks(feature);
    }
    if order.confirm_funds && !bank.can(Capability::FundsConfirmation) {
        return lacks(Feature::FundsConfirmation);
    }
    Ok(())
}

/// Whether everything is there that the bank refuses to be without; `payer_account_known` where
/// the payer's account is, or will be, known from elsewhere.
pub(super) fn check_mandatory(
    bank: &BankProfile,
    order: &Order,
    rail: Rail,
    payer_account_known: bool,
) -> Result<(), GatewayError> {
    let debtor = order.debtor.as_ref();
    let (creditor, debtor_account) =
        (&order.creditor, debtor.and_then(|debtor| debtor.account.as_ref()));
    for field in bank.mandatory_fields_of(order, rail) {
        let (there, field) = match field {
            MandatoryField::DebtorAccount => (
                debtor_account.is_some() || payer_account_known,
                Field::Debtor(PartyField::Account),
            ),
            MandatoryField::DebtorBic => (
                debtor_account.is_some_and(|account| account.bic().is_some()),
                Field::Debtor(PartyField::Number(AccountField::Bic)),
            ),
            MandatoryField::DebtorName => (
                debtor.is_some_and(|debtor| debtor.name.is_some()),
                Field::Debtor(PartyField::Name),
            ),
            MandatoryField::CreditorAddress => {
                (creditor.address.is_some(), Field::Creditor(PartyField::Address))
            }
            MandatoryField::CreditorBic => (
                creditor.account.as_ref().is_some_and(|account| account.bic().is_some()),
                Field::Creditor(PartyField::Number(AccountField::Bic)),
            ),
        };
        if !there {
            return Err(GatewayError::FieldNeeded { bank_id: bank.id.clone(), field });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use banks::Directory;
    use domain::initiation::Frequency;
    use jiff::civil::{date, datetime};
    use serde_json::json;

    use super::*;

    fn bank(id: &str) -> BankProfile {
        let directory = Directory::simulated("http://banks.test:1", "https://banks.test:2");
        directory.unwrap().get(id).unwrap().clone()
    }

    fn order(value: &str, currency: &str, local_instrument: &str, iban: &str) -> Order {
        serde_json::from_value(json!({
            "ref_id": "ORDER-1", "remittance_primary": "ORDER-1",
            "amount": { "value": value, "currency": currency },
            "local_instrument": local_instrument,
            "creditor": { "account": { "scheme": "iban", "iban": iban }, "name": "Customer Inc." },
        }))
        .unwrap()
    }

    fn euros() -> Order {
        order("10", "EUR", "auto_select", "DE02120300000000202051")
    }

    /// The error as text.
    fn why<T>(checked: Result<T, GatewayError>) -> String {
        checked.err().map_or_else(|| "nothing".to_owned(), |error| error.to_string())
    }

    #[test]
    fn a_bank_is_asked_only_for_features_that_it_has() {
        let standing = Schedule::StandingOrder {
            first: date(2026, 2, 1),
            frequency: Frequency::Mnth,
            last: None,
        };
        let later = Schedule::FutureDated { date: date(2026, 2, 1) };
        let mut bank = bank("bg-linden");
        let table = [
            (Capability::SinglePayment, euros()),
            (Capability::FutureDatedPayment, Order { schedule: later, ..euros() }),
            (Capability::StandingOrder, Order { schedule: standing, ..euros() }),
            (Capability::FundsConfirmation, Order { confirm_funds: true, ..euros() }),
        ];
        for (capability, order) in table {
            bank.capabilities = vec![Capability::SinglePayment, capability];
            assert_eq!(why(check_features(&bank, &order)), "nothing", "{capability:?}");
            bank.capabilities.retain(|one| *one != capability);
            let lacking = why(check_features(&bank, &order));
            assert!(lacking.contains("does not support"), "{capability:?}: {lacking}");
        }
        let zlotys = order("10", "PLN", "elixir", "PL61109010140000071219812874");
        assert!(why(check_features(&bank, &zlotys)).contains("does not support Currency"));
    }

    #[test]
    fn each_mandatory_field_is_missed_by_its_name() {
        let mut bank = bank("bg-linden");
        let party = json!({
            "account": { "scheme": "iban", "iban": "DE02120300000000202051", "bic": "BYLADEM1001" },
            "name": "A", "address": { "country": "DE" },
        });
        for field in [
            MandatoryField::DebtorAccount,
            MandatoryField::DebtorBic,
            MandatoryField::DebtorName,
            MandatoryField::CreditorAddress,
            MandatoryField::CreditorBic,
        ] {
            bank.mandatory_fields = vec![field];
            assert_ne!(
                why(check_mandatory(&bank, &euros(), Rail::Sepa, false)),
                "nothing",
                "{field:?}"
            );
            let whole = Order {
                debtor: Some(serde_json::from_value(party.clone()).unwrap()),
                creditor: serde_json::from_value(party.clone()).unwrap(),
                ..euros()
            };
            assert_eq!(
                why(check_mandatory(&bank, &whole, Rail::Sepa, false)),
                "nothing",
                "{field:?}"
            );
        }
        // The payer types the account on our pages.
        bank.mandatory_fields = vec![MandatoryField::DebtorAccount];
        assert_eq!(why(check_mandatory(&bank, &euros(), Rail::Sepa, true)), "nothing");
    }

    #[test]
    fn the_rail_and_the_day_are_those_that_the_bank_has() {
        let monday = datetime(2026, 1, 5, 10, 0, 0, 0);
        let bank = bank("bg-linden");
        let decided = decide(&bank, &euros(), monday).unwrap();
        assert!(bank.rails.contains(&decided.rail));
        assert_eq!(decided.day, None);
        let pounds = order("10", "GBP", "faster_payments", "GB33BUKB20201555555555");
        assert!(why(decide(&bank, &pounds, monday)).contains("does not support"));
    }

    #[test]
    fn a_member_narrows_the_payers_choice_by_country() {
        let visit = |bank_id: Option<&str>, countries: &[&str]| -> Visit {
            serde_json::from_value(json!({
                "bank_id": bank_id, "bank_countries": countries,
                "callback_url": "https://shop.example/return", "flow": "full_hosted_pages",
            }))
            .unwrap()
        };
        let bank = bank("bg-linden");
        let home = bank.countries[0].as_str();
        assert!(is_offered(&bank, &visit(None, &[])));
        assert!(is_offered(&bank, &visit(None, &["XX", home])));
        assert!(!is_offered(&bank, &visit(None, &["XX"])));
        assert!(is_offered(&bank, &visit(Some("bg-linden"), &["XX"])), "the member named the bank");
    }
}
