//! The API's errors for use cases that were not carried out.

use banks::misfit::{Misfit, MisfitKind};
use domain::Refusal;
use domain::field::{Fault, Field, FieldError, PartyField};
use domain::initiation::LocalInstrument;
use gateway::GatewayError;
use gateway::error::{AccountOnFileFault, Feature, VerificationFault};
use store::StoreError;

use super::error::{ApiError, FieldFault};
use super::parts::places::Places;
use super::status::of_stage;

impl ApiError {
    /// The error of a use case; `places` says where the request has its fields.
    #[must_use]
    pub(crate) fn from_gateway(error: GatewayError, id: &str, places: &dyn Places) -> ApiError {
        match error {
            GatewayError::PaymentNotFound => ApiError::payment_not_found(id),
            GatewayError::TokenRequestNotFound => ApiError::not_found("Token request", id),
            GatewayError::TokenNotFound => ApiError::not_found("Token", id),
            GatewayError::TransferNotFound => ApiError::not_found("Transfer", id),
            GatewayError::StandingOrderNotFound => ApiError::not_found("Standing order", id),
            GatewayError::NotOnBehalf => not_on_behalf(),
            GatewayError::FeatureNotSupported { bank_id, feature } => {
                let feature = in_words(feature, places);
                not_supported(format!("Bank `{bank_id}` does not support {feature}."), bank_id)
            }
            GatewayError::NotRegistered { bank_id } => not_registered(bank_id),
            GatewayError::NotCancelled { bank_id, text } => not_supported(text, bank_id),
            GatewayError::Misfit { bank_id, misfit } => misfit_at(bank_id, &misfit, places),
            error @ GatewayError::BankUnavailable { .. } => {
                ApiError::BankUnavailable { message: format!("{error}.") }
            }
            GatewayError::AmountTooPrecise { currency, rail } => {
                let fault = Fault::TooPrecise { currency, rail };
                ApiError::of_field(&FieldError::new(Field::Amount, fault), places)
            }
            GatewayError::BeneficiaryNotListed => not_listed(places),
            GatewayError::ReferenceTaken => reference_taken(places),
            GatewayError::BankUnknown { bank_id } => {
                let message = format!("No bank has the id `{bank_id}`: see GET /v2/banks.");
                invalid(Field::BankId, message, places)
            }
            GatewayError::FieldNeeded { bank_id, field } => needed(&bank_id, field, places),
            GatewayError::Refused(Refusal::BankRequired) => {
                let message = "`bankId` is required unless `flowType` is FULL_HOSTED_PAGES.";
                ApiError::field(FieldFault::Expected, places.path(Field::BankId), message)
            }
            GatewayError::Refused(refusal) => {
                invalid(Field::BankId, in_public_words(&refusal), places)
            }
            GatewayError::AccountOnFile(fault) => on_file(fault, places),
            GatewayError::Verification(fault) => verification(fault, places),
            GatewayError::Url { field: None, fault } => {
                ApiError::BadRequest { message: format!("`url` {fault}.") }
            }
            GatewayError::Url { field: Some(field), fault } => {
                invalid(field, format!("`{}` {fault}.", places.name(field)), places)
            }
            GatewayError::CredentialFlowNeeded { bank_id } => {
                let name = places.name(Field::CredentialFlow);
                let message = format!("`{name}` should be true: bank `{bank_id}` asks the payer.");
                invalid(Field::CredentialFlow, message, places)
            }
            GatewayError::Unanswered { question, options } => {
                unanswered(&question, &options, places)
            }
            GatewayError::KeyTaken => ApiError::RequestInProgress,
            GatewayError::Invalid(message) => ApiError::BadRequest { message },
            GatewayError::Store(error) => of_store(&error),
            GatewayError::Sealing(detail) => ApiError::Internal { detail },
        }
    }
}

/// The bank gives its clients an id, and this gateway has none.
fn not_registered(bank_id: String) -> ApiError {
    let message = format!("Bank `{bank_id}` has no registration of this provider yet.");
    ApiError::Bank { code: "Bank.RegistrationNotFound", message, bank_id }
}

fn of_store(error: &StoreError) -> ApiError {
    let detail = error.to_string();
    match error {
        StoreError::Corrupt(_) => ApiError::Internal { detail },
        StoreError::Conflict | StoreError::Unavailable(_) | StoreError::Unconfirmed(_) => {
            ApiError::Unavailable { detail }
        }
    }
}

fn not_on_behalf() -> ApiError {
    let message = "`actingAs` needs the permission ACT_ON_BEHALF_OF, which this member does not \
                   have: see `bascule members set`.";
    ApiError::PermissionDenied { message: message.to_owned() }
}

fn not_supported(message: String, bank_id: String) -> ApiError {
    ApiError::Bank { code: "Bank.FeatureNotSupported", message, bank_id }
}

fn invalid(field: Field, message: impl Into<String>, places: &dyn Places) -> ApiError {
    ApiError::field(FieldFault::Invalid, places.path(field), message)
}

fn not_listed(places: &dyn Places) -> ApiError {
    let message = "The payee's account should be one of those to which payments of this member are \
                   restricted: see `bascule members list`.";
    invalid(Field::Creditor(PartyField::Account), message, places)
}

fn reference_taken(places: &dyn Places) -> ApiError {
    let name = places.name(Field::RefId);
    let message =
        format!("`{name}` is that of another token request or transfer: each one needs its own.");
    ApiError::field(FieldFault::NotUnique, places.path(Field::RefId), message)
}

fn needed(bank_id: &str, field: Field, places: &dyn Places) -> ApiError {
    let path = places.path(field);
    let message = format!("Bank `{bank_id}` needs `{path}` for this payment.");
    ApiError::field(FieldFault::Expected, path, message)
}

fn verification(fault: VerificationFault, places: &dyn Places) -> ApiError {
    let field = Field::Creditor(PartyField::Verification);
    let what = match fault {
        VerificationFault::Unknown => "names no verification of this member",
        VerificationFault::OfAnotherAccount => "names a verification of another account",
    };
    invalid(field, format!("`{}` {what}.", places.name(field)), places)
}

fn unanswered(question: &str, options: &[String], places: &dyn Places) -> ApiError {
    let text = match options.is_empty() {
        true => "a value is needed".to_owned(),
        false => format!("it must be one of: {}", options.join(", ")),
    };
    let path = places.path(Field::Credentials);
    invalid(Field::Credentials, format!("`{path}.{question}`: {text}"), places)
}

fn on_file(fault: AccountOnFileFault, places: &dyn Places) -> ApiError {
    let field = Field::Debtor(PartyField::AccountOnFile);
    let name = places.name(field);
    let message = match fault {
        AccountOnFileFault::Unknown => format!("`{name}` names no account of this member."),
        AccountOnFileFault::AtAnotherBank => {
            let bank = places.name(Field::BankId);
            format!("`{name}` names an account at another bank than `{bank}`.")
        }
        AccountOnFileFault::OffRail => {
            let rail = places.name(Field::Rail);
            format!("`{name}` names an account that `{rail}` cannot use.")
        }
    };
    invalid(field, message, places)
}

/// A feature that a bank does not offer.
fn in_words(feature: Feature, places: &dyn Places) -> String {
    match feature {
        Feature::Rail(wish) => {
            let rail = match wish {
                LocalInstrument::Named(rail) => format!("{rail:?}"),
                LocalInstrument::AutoSelect => "AutoSelect".to_owned(),
            };
            format!("the rail of `{}` ({rail})", places.name(Field::Rail))
        }
        Feature::Currency(currency) => format!("payments in {currency}"),
        Feature::SinglePayment => "single payments".to_owned(),
        Feature::FutureDatedPayment => format!("`{}`", places.name(Field::ExecutionDate)),
        Feature::StandingOrder => {
            "standing orders (`standingOrderBody`): choose one with `supportsStandingOrder`"
                .to_owned()
        }
        Feature::FundsConfirmation => "`confirmFunds`".to_owned(),
        Feature::Countries => "payments of this member, which names other countries".to_owned(),
        Feature::Cancellation => "the cancellation of a payment that it holds".to_owned(),
    }
}

/// The message for a command that was not carried out: the payment's status, and when the command is
/// possible.
fn in_public_words(refusal: &Refusal) -> String {
    let (stage, when) = match refusal {
        Refusal::BankRequired
        | Refusal::TokenRequestExpired
        | Refusal::TokenRequestUsed
        | Refusal::TokenRequestDeclined
        | Refusal::RedeemedUnderOtherReference
        | Refusal::TokenRequestWithoutPayee => {
            return refusal.to_string();
        }
        Refusal::BankChoiceClosed { stage } => (stage, "its bank can no longer be chosen"),
        Refusal::OrderNotAllowed { stage } => (stage, "no order may be sent"),
        Refusal::NoQuestionOpen { stage } => (stage, "its bank asks nothing now"),
        Refusal::NotRedeemable { stage } => (stage, "only an approved payment can be redeemed"),
        Refusal::NotCancellable { stage } => {
            (stage, "it may have been executed, or has ended, and cannot be cancelled")
        }
    };
    format!("The payment is {}: {when}.", of_stage(*stage).name())
}

/// A part of a payment that a bank does not accept: a field, or a feature if it is the whole payment.
fn misfit_at(bank_id: String, misfit: &Misfit, places: &dyn Places) -> ApiError {
    let message = format!("Bank `{bank_id}`: {}.", misfit.text);
    let fault = match misfit.kind {
        MisfitKind::TooLong => FieldFault::InvalidFormat,
        MisfitKind::Missing => FieldFault::Expected,
        MisfitKind::NotTaken => FieldFault::Invalid,
        MisfitKind::Unsupported => {
            return ApiError::Bank { code: "Bank.FeatureNotSupported", message, bank_id };
        }
    };
    ApiError::field(fault, places.path(misfit.field.unwrap_or(Field::Order)), message)
}
