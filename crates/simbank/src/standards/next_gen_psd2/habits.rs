//! How banks of this standard differ.

use super::domestic::Domestic;
use crate::engine::tokens::TokenTerms;
use crate::standards::http_signature::Habits;

/// How a bank lets a payer approve.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Approach {
    /// `scaRedirect` in the answer to the payment.
    RedirectAtOnce,
    /// `startAuthorisation` first, `scaRedirect` then.
    RedirectWhenAsked,
    /// `startAuthorisationWithPsuIdentification` first, `scaRedirect` then.
    RedirectWhenIdentified,
    /// `scaOAuth` in the answer to the payment.
    OAuth,
    /// A token of the payer for every call, then `scaRedirect`.
    SignInBefore,
    /// Password, one of several methods, one-time password.
    EmbeddedManyMethods,
    /// Password, one-time password of the one method.
    EmbeddedOneMethod,
    /// In the bank's app.
    Decoupled,
}

/// Where a bank says why a payment was rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ReasonsIn {
    /// `psuMessage` of the status and of the authorisation.
    PsuMessage,
    /// The first of the status's `tppMessages`; `psuMessage` says nothing in particular.
    TppMessages,
    /// `error_description` of the payer's return; nowhere else if the payer did not approve.
    Return,
}

/// The deviations of a bank.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NextGenPsd2 {
    pub(crate) approach: Approach,
    /// After the redirect the provider must send a code that arrived with the browser.
    pub(crate) confirms_by_code: bool,
    /// How requests must be signed, where the bank insists on it.
    pub(crate) signing: Option<Habits>,
    /// Answers about an approval in the app say how the payer opens it.
    pub(crate) starts_app: bool,
    /// An approved payment waits until the provider says with `PUT` that it is to be executed.
    pub(crate) releases: bool,
    /// A creation must not say who the payer is.
    pub(crate) forbids_psu_id: bool,
    pub(crate) wants_debtor_account: bool,
    /// Payments in the country's own currency, at banks outside the euro: they have no other.
    pub(crate) domestic: Option<&'static Domestic>,
    /// Instant credit transfers.
    pub(crate) instant: bool,
    /// The last status that a successful payment reaches.
    pub(crate) last_status: &'static str,
    pub(crate) cancellation: CancellationRule,
    /// Instant payments are not cancelled.
    pub(crate) keeps_instant_payments: bool,
    /// How long the payer has to approve, in seconds.
    pub(crate) approval_seconds: i64,
    /// A creation that comes again with the same `X-Request-ID` is answered as the first time;
    /// elsewhere it creates another payment.
    pub(crate) replays_request_id: bool,
    /// A payer's sign-in ends the tokens of the payer's earlier ones.
    pub(crate) one_token_per_payer: bool,
    /// The shortest time between two questions for a payment's status; 0 where any will do.
    pub(crate) status_interval_s: i64,
    /// The bank's own words for statuses of the standard.
    pub(crate) own_statuses: &'static [(&'static str, &'static str)],
    /// Where the bank says why a payment was rejected.
    pub(crate) reasons_in: ReasonsIn,
    /// Amounts in answers are numbers.
    pub(crate) amounts_are_numbers: bool,
    /// The tokens of its OAuth, if it has one.
    pub(crate) tokens: TokenTerms,
    pub(crate) oauth: OAuthHabits,
    /// A header of the client's application, which every request needs.
    pub(crate) client_header: Option<(&'static str, &'static str)>,
    /// Headers about the payer that every request needs, also while no payer is there.
    pub(crate) required_headers: &'static [&'static str],
}

/// How a bank's authorisation server leaves the standard.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OAuthHabits {
    /// `scope` of the sign-in before a payment.
    pub(crate) sign_in_scope: &'static str,
    /// `scope` of the approval of a payment; the payment's id follows.
    pub(crate) payment_scope: &'static str,
    /// The name of `client_id` in the authorisation request.
    pub(crate) client_id_name: &'static str,
    /// Name and value of `response_type` there.
    pub(crate) response_type: (&'static str, &'static str),
    /// A further parameter there.
    pub(crate) authorization_parameter: Option<(&'static str, &'static str)>,
    /// A parameter that requests for tokens have in the URL.
    pub(crate) token_query: Option<(&'static str, &'static str)>,
    /// Each call needs a token of the client itself, with that scope.
    pub(crate) client_token_scope: Option<&'static str>,
    /// The client is known by its secret, in the header `Authorization`.
    pub(crate) by_secret: bool,
}

/// How a bank handles the cancellation of an approved payment (section 5.6 of the guidelines).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CancellationRule {
    /// The bank does not cancel.
    Never,
    /// The provider's word is enough: 204.
    AtOnce,
    /// 202, and the provider starts the payer's approval of the cancellation.
    StartedByProvider,
    /// 202, and the bank has started the payer's approval itself.
    StartedByBank,
}

/// A bank without deviations.
pub(crate) const USUAL: NextGenPsd2 = NextGenPsd2 {
    approach: Approach::RedirectAtOnce,
    confirms_by_code: false,
    signing: None,
    releases: false,
    starts_app: false,
    forbids_psu_id: false,
    wants_debtor_account: true,
    domestic: None,
    instant: true,
    last_status: "ACSC",
    cancellation: CancellationRule::AtOnce,
    keeps_instant_payments: false,
    approval_seconds: 24 * 3600,
    replays_request_id: false,
    one_token_per_payer: false,
    status_interval_s: 0,
    own_statuses: &[],
    reasons_in: ReasonsIn::PsuMessage,
    amounts_are_numbers: false,
    tokens: TokenTerms { access_seconds: 3600, refresh: None },
    oauth: USUAL_OAUTH,
    client_header: None,
    required_headers: &[],
};

/// An authorisation server without deviations.
pub(crate) const USUAL_OAUTH: OAuthHabits = OAuthHabits {
    sign_in_scope: "PIS",
    payment_scope: "PIS:",
    client_id_name: "client_id",
    response_type: ("response_type", "code"),
    authorization_parameter: None,
    token_query: None,
    client_token_scope: None,
    by_secret: false,
};
