//! What the API says where a use case was not carried out.

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
            GatewayError::NotOnBehalf => ApiError::PermissionDenied {
                message:
                    "`actingAs` needs the permission ACT_ON_BEHALF_OF, which this member does \
                          not have: see `bascule members set`."
                        .to_owned(),
            },
            GatewayError::FeatureNotSupported { bank_id, feature } => ApiError::Bank {
                code: "Bank.FeatureNotSupported",
                message: format!(
                    "Bank `{bank_id}` does not support {}.",
                    in_words(feature, places)
                ),
                bank_id,
            },
            GatewayError::NotCancelled { bank_id, text } => {
                ApiError::Bank { code: "Bank.FeatureNotSupported", message: text, bank_id }
            }
            GatewayError::Misfit { bank_id, misfit } => misfit_at(bank_id, &misfit, places),
            error @ GatewayError::BankUnavailable { .. } => {
                ApiError::BankUnavailable { message: format!("{error}.") }
            }
            GatewayError::Url { field: None, fault } => {
                ApiError::BadRequest { message: format!("`url` {fault}.") }
            }
            GatewayError::KeyTaken => ApiError::RequestInProgress,
            GatewayError::Invalid(message) => ApiError::BadRequest { message },
            GatewayError::Store(error @ StoreError::Corrupt(_)) => {
                ApiError::Internal { detail: error.to_string() }
            }
            GatewayError::Store(error) => ApiError::Unavailable { detail: error.to_string() },
            GatewayError::Sealing(detail) => ApiError::Internal { detail },
            GatewayError::BeneficiaryNotListed
            | GatewayError::AmountTooPrecise { .. }
            | GatewayError::ReferenceTaken
            | GatewayError::BankUnknown { .. }
            | GatewayError::FieldNeeded { .. }
            | GatewayError::Refused(_)
            | GatewayError::AccountOnFile(_)
            | GatewayError::Verification(_)
            | GatewayError::Url { .. }
            | GatewayError::CredentialFlowNeeded { .. }
            | GatewayError::Unanswered { .. } => of_field(error, places),
        }
    }
}

/// The errors that name a field.
fn of_field(error: GatewayError, places: &dyn Places) -> ApiError {
    use FieldFault::{Expected, Invalid, NotUnique};
    let (fault, field, message) = match error {
        GatewayError::AmountTooPrecise { currency, rail } => {
            let fault = Fault::TooPrecise { currency, rail };
            return ApiError::of_field(&FieldError::new(Field::Amount, fault), places);
        }
        GatewayError::BeneficiaryNotListed => (
            Invalid,
            Field::Creditor(PartyField::Account),
            "The payee's account should be one of those to which payments of this member are \
             restricted: see `bascule members list`."
                .to_owned(),
        ),
        GatewayError::ReferenceTaken => {
            let name = places.name(Field::RefId);
            let message = format!(
                "`{name}` is that of another token request or transfer: each one needs its own."
            );
            (NotUnique, Field::RefId, message)
        }
        GatewayError::BankUnknown { bank_id } => {
            (Invalid, Field::BankId, format!("No bank has the id `{bank_id}`: see GET /v2/banks."))
        }
        GatewayError::FieldNeeded { bank_id, field } => {
            let path = places.path(field);
            let message =
                format!("Bank `{bank_id}` needs `{path}`: see `mandatoryFields` of the bank.");
            (Expected, field, message)
        }
        GatewayError::Refused(Refusal::BankRequired) => (
            Expected,
            Field::BankId,
            "`bankId` is required unless `flowType` is FULL_HOSTED_PAGES.".to_owned(),
        ),
        GatewayError::Refused(refusal) => (Invalid, Field::BankId, in_public_words(&refusal)),
        GatewayError::AccountOnFile(fault) => {
            let field = Field::Debtor(PartyField::AccountOnFile);
            (Invalid, field, on_file(fault, field, places))
        }
        GatewayError::Verification(fault) => {
            let field = Field::Creditor(PartyField::Verification);
            let name = places.name(field);
            let message = match fault {
                VerificationFault::Unknown => "names no verification of this member",
                VerificationFault::OfAnotherAccount => "names a verification of another account",
            };
            (Invalid, field, format!("`{name}` {message}."))
        }
        GatewayError::Url { field: Some(field), fault } => {
            (Invalid, field, format!("`{}` {fault}.", places.name(field)))
        }
        GatewayError::CredentialFlowNeeded { bank_id } => {
            let name = places.name(Field::CredentialFlow);
            let message = format!("`{name}` should be true: bank `{bank_id}` asks the payer.");
            (Invalid, Field::CredentialFlow, message)
        }
        GatewayError::Unanswered { question, options } => {
            let path = places.path(Field::Credentials);
            let text = match options.is_empty() {
                true => "a value is needed".to_owned(),
                false => format!("it must be one of: {}", options.join(", ")),
            };
            (Invalid, Field::Credentials, format!("`{path}.{question}`: {text}"))
        }
        other => return ApiError::Internal { detail: other.to_string() },
    };
    ApiError::field(fault, places.path(field), message)
}

fn on_file(fault: AccountOnFileFault, field: Field, places: &dyn Places) -> String {
    let name = places.name(field);
    match fault {
        AccountOnFileFault::Unknown => format!("`{name}` names no account of this member."),
        AccountOnFileFault::AtAnotherBank => {
            let bank = places.name(Field::BankId);
            format!("`{name}` names an account at another bank than `{bank}`.")
        }
        AccountOnFileFault::OffRail => {
            let rail = places.name(Field::Rail);
            format!("`{name}` names an account that `{rail}` cannot use.")
        }
    }
}

/// What a bank does not offer.
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

/// What a member reads of a command that was not carried out: where the payment stands, in the
/// words of its status, and when the command is possible.
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

/// What a bank does not take: a field where it is one, a feature where it is the whole.
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
