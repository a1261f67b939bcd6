//! The member's own address with what the published API adds to it when a payer returns: of
//! payments v1 where the payment comes from a token request (reference, section 2.13), else of v2
//! (section 3.9). It is a hint; the member reads the truth from the API.

use domain::initiation::Flow;
use domain::payment::{Payment, Stage};
use domain::token_request::TokenRequest;
use gateway::App;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use url::Url;

use crate::api::grpc::GrpcStatus;
use crate::api::status::TransferStatus;
use crate::api::v1::token_requests::result::{DECLINED, signature};

/// The payment could not start at a bank, or was not approved there.
const NOT_INITIATED: &str = "EXCEPTION_INITIATE_BANK_AUTH";
/// The payer said no, or went away.
const ACCESS_DENIED: &str = "access_denied";

/// The characters that forms encode (WHATWG URL, `application/x-www-form-urlencoded`), and spaces like all others.
const NOT_IN_PARAMETERS: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'*').remove(b'-').remove(b'.').remove(b'_');

/// Parameters, in the order in which they are written.
type Parameters = Vec<(&'static str, String)>;

/// Why a payer returns without having approved.
struct Failure {
    error: String,
    message: String,
}

/// Where the payer of a payment returns.
#[must_use]
pub fn member_url(app: &App, payment: &Payment) -> String {
    member_url_after(app, payment, false)
}

/// The same right after the payer returned from the bank. `says_error`: with an error, which the
/// bank has not confirmed: the payment stays pending, and the member's page learns it as a hint.
#[must_use]
pub fn member_url_after(app: &App, payment: &Payment, says_error: bool) -> String {
    let initiation = &payment.initiation;
    let mut parameters = match &payment.token_request_id {
        Some(id) if initiation.visit.flow == Flow::ApiOnly => {
            let mut parameters =
                vec![("request-id", id.to_string()), ("request_id", id.to_string())];
            parameters.extend(of_approval(app, payment));
            let unconfirmed = || says_error.then(|| unconfirmed(GrpcStatus::Unknown.number()));
            if let Some(failure) = failure_of_api(payment).or_else(unconfirmed) {
                parameters.extend(told(failure));
                // Where the failure is found again: the exchanges are kept under it.
                parameters.push(("trace-id", payment.id.core().to_owned()));
            }
            if let Some(fields) = fields_wanted(payment) {
                parameters.push(("credential-fields", fields));
            }
            parameters
        }
        Some(id) => {
            let mut parameters = vec![("request-id", id.to_string())];
            if initiation.visit.flow == Flow::EmbeddedHostedPages {
                // The member began with the API and took our pages for the questions alone.
                parameters.push(("request_id", id.to_string()));
            }
            parameters.extend(of_pages(app, payment));
            parameters
        }
        None => {
            let mut parameters = vec![];
            if initiation.visit.flow == Flow::ApiOnly {
                parameters.push(("member-id", payment.member_id.to_string()));
            }
            parameters.push(("payment-id", payment.id.to_string()));
            if says_error {
                parameters.push(("error", ACCESS_DENIED.to_owned()));
            }
            parameters
        }
    };
    parameters.extend(state(initiation.visit.callback_state.as_ref()));
    with_parameters(&initiation.visit.callback_url, &parameters)
}

/// The address for the payer of a token request that has not become a payment.
#[must_use]
pub fn of_token_request(request: &TokenRequest, expired: bool) -> String {
    let (error, message) = match (request.declined_at, expired) {
        (Some(_), _) => (ACCESS_DENIED, DECLINED),
        (None, true) => (ACCESS_DENIED, "The token request has expired."),
        (None, false) => (ACCESS_DENIED, "The payer came back without choosing a bank."),
    };
    without_payment(request, error, message)
}

/// The same if the member has not sent the payee.
#[must_use]
pub fn without_destinations(request: &TokenRequest) -> String {
    without_payment(request, NOT_INITIATED, "No transfer destinations were set in time.")
}

fn without_payment(request: &TokenRequest, error: &str, message: &str) -> String {
    let mut parameters = vec![("request-id", request.id.to_string())];
    let failure = Failure { error: error.to_owned(), message: message.to_owned() };
    parameters.extend(told(failure));
    parameters.extend(state(request.initiation.visit.callback_state.as_ref()));
    with_parameters(&request.initiation.visit.callback_url, &parameters)
}

/// The parameters that the hosted pages add for a payment of v1.
fn of_pages(app: &App, payment: &Payment) -> Parameters {
    let mut parameters = of_approval(app, payment);
    parameters.extend(failure_on_pages(payment).into_iter().flat_map(told));
    parameters
}

/// The token and the transfer of an approval, each in both of the names that clients read.
fn of_approval(app: &App, payment: &Payment) -> Parameters {
    let mut parameters = vec![];
    if let Some(signature) = signature(app, payment) {
        let token_id = payment.id.token_id().to_string();
        parameters.extend([("token-id", token_id.clone()), ("tokenId", token_id)]);
        let text = serde_json::to_string(&signature).unwrap_or_default();
        parameters.push(("signature", text));
    }
    // A bank that executes at the approval holds the order before that.
    if payment.approved_at.is_some() && payment.ordered_at.is_some() {
        let transfer_id = payment.id.transfer_id().to_string();
        parameters.extend([("transfer-id", transfer_id.clone()), ("transferId", transfer_id)]);
        let status = TransferStatus::from(domain::transfer::TransferStatus::of(payment));
        for name in ["transfer-status", "transferStatus"] {
            parameters.push((name, status.name().to_owned()));
        }
    }
    parameters
}

/// The browser says that the payer returned with an error.
fn unconfirmed(error: impl ToString) -> Failure {
    let message = "The payer came back from the bank with an error.".to_owned();
    Failure { error: error.to_string(), message }
}

fn told(failure: Failure) -> Parameters {
    vec![("error", failure.error), ("message", failure.message)]
}

fn state(state: Option<&String>) -> Option<(&'static str, String)> {
    state.map(|state| ("state", state.clone()))
}

/// Why the payer returns from our pages without a token; none while the bank is being asked.
fn failure_on_pages(payment: &Payment) -> Option<Failure> {
    if payment.approved_at.is_some() {
        return None;
    }
    let (error, message) = match payment.stage() {
        Stage::AwaitingBankChoice
        | Stage::AwaitingBankChoiceByLink
        | Stage::AwaitingRedirect
        | Stage::AwaitingCredentials
        | Stage::AwaitingCredentialsOnPages
        | Stage::AwaitingDecoupled => (ACCESS_DENIED, "The payer came back without approving."),
        Stage::Declined => (ACCESS_DENIED, "The payer declined the payment at the bank."),
        Stage::Cancelled => (ACCESS_DENIED, "The payment was cancelled."),
        Stage::Expired => (ACCESS_DENIED, "The payer did not approve in time."),
        Stage::Rejected | Stage::RejectedInsufficientFunds | Stage::Failed => {
            (NOT_INITIATED, "The payment could not be authorised at the bank.")
        }
        Stage::Opening
        | Stage::OpeningUncertain
        | Stage::VerifyingReturn
        | Stage::VerifyingCredentials
        | Stage::AwaitingRedemption
        | Stage::Authorised
        | Stage::OrderSent
        | Stage::Uncertain
        | Stage::Processing
        | Stage::Completed
        | Stage::NoFinalStatus => return None,
    };
    Some(Failure { error: error.to_owned(), message: words(payment, message) })
}

/// The reason of the failure of a payment that the member leads by the API, as a gRPC status.
fn failure_of_api(payment: &Payment) -> Option<Failure> {
    if payment.approved_at.is_some() {
        return None;
    }
    let (status, message) = match payment.stage() {
        Stage::Declined => (GrpcStatus::Unknown, "The payer declined the payment at the bank."),
        Stage::Cancelled => (GrpcStatus::Cancelled, "The payment was cancelled."),
        Stage::Expired => (GrpcStatus::DeadlineExceeded, "The payer did not approve in time."),
        Stage::Rejected | Stage::RejectedInsufficientFunds => {
            (GrpcStatus::FailedPrecondition, "The bank did not accept the payment.")
        }
        Stage::Failed => {
            let by_bank = payment.error.as_ref().is_some_and(|error| error.from_bank);
            let status = if by_bank { GrpcStatus::Unavailable } else { GrpcStatus::Internal };
            (status, "The payment could not be authorised at the bank.")
        }
        Stage::AwaitingBankChoice
        | Stage::AwaitingBankChoiceByLink
        | Stage::Opening
        | Stage::AwaitingRedirect
        | Stage::AwaitingCredentials
        | Stage::AwaitingCredentialsOnPages
        | Stage::AwaitingDecoupled
        | Stage::OpeningUncertain
        | Stage::VerifyingReturn
        | Stage::VerifyingCredentials
        | Stage::AwaitingRedemption
        | Stage::Authorised
        | Stage::OrderSent
        | Stage::Uncertain
        | Stage::Processing
        | Stage::Completed
        | Stage::NoFinalStatus => return None,
    };
    Some(Failure { error: status.number().to_string(), message: words(payment, message) })
}

/// The reason that the payment has, or one of ours.
fn words(payment: &Payment, otherwise: &str) -> String {
    let reason = payment.reason.clone().filter(|reason| !reason.is_empty());
    reason.unwrap_or_else(|| otherwise.to_owned())
}

/// The ids of the bank's open questions, if there are any when the browser returns: the
/// member asks the authorisation for them. The reference names the parameter and not its form.
fn fields_wanted(payment: &Payment) -> Option<String> {
    let challenge = payment.state.challenge()?;
    let ids: Vec<&str> = challenge.fields.iter().map(|field| field.id.as_str()).collect();
    Some(ids.join(","))
}

/// The address with further parameters. A space is `%20`: clients decode a plus sign as itself.
pub(super) fn with_parameters(address: &str, parameters: &[(&str, String)]) -> String {
    let Ok(mut url) = Url::parse(address) else { return address.to_owned() };
    let encoded = |text: &str| utf8_percent_encode(text, NOT_IN_PARAMETERS).to_string();
    let mut parts: Vec<String> =
        url.query().filter(|query| !query.is_empty()).map(str::to_owned).into_iter().collect();
    parts.extend(parameters.iter().map(|(name, value)| format!("{name}={}", encoded(value))));
    url.set_query(Some(&parts.join("&")));
    url.into()
}
