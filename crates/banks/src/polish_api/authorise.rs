//! The payer's consent: on the bank's pages (`auth/authorize`), by a code of its app
//! (`auth/authorizeExt`), and the token that it becomes (`auth/token`).

use domain::authorisation::Attempt;
use domain::authorisation::{Approach, Challenge, ChallengeField, FieldKind};
use url::Url;

use super::answers::{AuthorizeAnswer, TokenAnswer};
use super::exchange::{Ask, client_id, request_id, token_end};
use super::wire::{Asked, Authorize, AuthorizeByCode, ScopeDetails, TokenRequest};
use super::{CODE_FIELD, PolishApi};
use crate::cache::after;
use crate::error::BankError;
use crate::exchange::read;
use crate::protocol::{AccessGrant, Approval, Call, PaymentOrder};

/// How long a consent to a payment is asked for, in seconds: long enough for its last status.
const CONSENT_LIFETIME_S: i64 = 35 * 24 * 3600;
/// The longest access token that is accepted, in bytes.
const ACCESS_TOKEN_BYTES_MAX: usize = 8 * 1024;

/// The payer types the code that the bank's app shows.
pub(super) fn ask_for_code(is_retry: bool) -> Approval {
    let field = ChallengeField {
        id: CODE_FIELD.to_owned(),
        kind: FieldKind::Text,
        display_name: "Code from your bank's app".to_owned(),
        additional_information: None,
        options: vec![],
    };
    let challenge = Challenge { fields: vec![field], is_retry, ..Challenge::default() };
    let approach = Approach::Embedded { challenge };
    Approval::Continue { consent_id: None, context: None, approach }
}

impl PolishApi {
    pub(super) async fn authorize(
        &self,
        call: &Call<'_>,
        order: &PaymentOrder,
        attempt: &Attempt,
    ) -> Result<Approval, BankError> {
        let asked = Asked::of(call.bank, order)?;
        let consent_id = attempt.idempotency_key.as_str();
        let until = after(call.clock.now(), CONSENT_LIFETIME_S);
        let content = Authorize {
            response_type: "code",
            client_id: client_id(call)?,
            redirect_uri: call.return_url,
            scope: "pis",
            scope_details: ScopeDetails::of(&asked, order, consent_id, until)?,
            state: &attempt.oauth_state,
        };
        let ask = Ask {
            operation: "authorize",
            service: "auth",
            method_name: "authorize",
            content,
            token: None,
            callback: None,
        };
        let response = self.send(call, &request_id(call), ask).await?;
        let answer: AuthorizeAnswer = read(&response.body)?;
        if !call.bank.allows_url(&answer.aspsp_redirect_uri) {
            let what = "`aspspRedirectUri` is not on a host of the profile";
            return Err(BankError::malformed(what, &response.body));
        }
        Ok(Approval::Continue {
            consent_id: Some(consent_id.to_owned()),
            context: None,
            approach: Approach::Redirect { url: answer.aspsp_redirect_uri },
        })
    }

    /// The bank checks the code, asks the payer in its app, and calls us back.
    pub(super) async fn authorize_by_code(
        &self,
        call: &Call<'_>,
        order: &PaymentOrder,
        attempt: &Attempt,
        code: &str,
    ) -> Result<Approval, BankError> {
        let asked = Asked::of(call.bank, order)?;
        let consent_id = attempt.idempotency_key.as_str();
        let until = after(call.clock.now(), CONSENT_LIFETIME_S);
        let callback_url = Url::parse_with_params(
            &call.identity.redirect_uri,
            [("state", attempt.oauth_state.as_str())],
        )
        .map_err(|error| BankError::Unavailable { text: format!("our redirect URI: {error}") })?;
        let request_id = request_id(call);
        let content = AuthorizeByCode {
            request_id: &request_id,
            response_type: "code",
            eat_code: code,
            client_id: client_id(call)?,
            callback_url: callback_url.as_str(),
            api_key: &attempt.nonce,
            scope: "pis",
            scope_details: ScopeDetails::of(&asked, order, consent_id, until)?,
            state: &attempt.oauth_state,
        };
        let ask = Ask {
            operation: "authorize-by-code",
            service: "auth",
            method_name: "authorizeExt",
            content,
            token: None,
            callback: Some((callback_url.as_str(), attempt.nonce.as_str())),
        };
        match self.send(call, &request_id, ask).await {
            Ok(_) => Ok(Approval::Continue {
                consent_id: Some(consent_id.to_owned()),
                context: None,
                approach: Approach::Decoupled { message: None },
            }),
            Err(BankError::Refused { status: 422, .. }) => Ok(ask_for_code(true)),
            Err(error) => Err(error),
        }
    }

    /// The token for a code. A code works once: after `Unknown` it may be spent.
    pub(super) async fn token(
        &self,
        call: &Call<'_>,
        consent_id: &str,
        code: &str,
    ) -> Result<Approval, BankError> {
        let content = TokenRequest {
            grant_type: "authorization_code",
            code,
            redirect_uri: call.return_url,
            client_id: client_id(call)?,
            is_user_session: call.psu.ip_address.is_some(),
            user_ip: crate::exchange::psu_ip_address(call),
            user_agent: crate::exchange::psu_user_agent(call),
        };
        let ask = Ask {
            operation: "exchange-code",
            service: "auth",
            method_name: "token",
            content,
            token: None,
            callback: None,
        };
        let response = self.send(call, &request_id(call), ask).await?;
        let answer: TokenAnswer = read(&response.body)?;
        let fail = |what: &str| Err(BankError::malformed(what, &response.body));
        let visible = answer.access_token.bytes().all(|byte| byte.is_ascii_graphic());
        if !visible || !(1..=ACCESS_TOKEN_BYTES_MAX).contains(&answer.access_token.len()) {
            return fail("`access_token` is not 1 to 8192 visible ASCII characters");
        }
        let consented = answer.scope_details.and_then(|details| details.consent_id);
        if consented.is_some_and(|consented| consented != consent_id) {
            return fail("`scope_details.consentId` is another's");
        }
        let expires_at = token_end(call.clock.now(), answer.expires_in.as_ref());
        Ok(Approval::Granted {
            consent_id: consent_id.to_owned(),
            grant: AccessGrant { access_token: answer.access_token, expires_at },
        })
    }
}
