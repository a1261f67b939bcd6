//! The payer's consent: on the bank's pages (`auth/authorize`), by a code of its app
//! (`auth/authorizeExt`), and the token that it becomes (`auth/token`).

use domain::authorisation::{
    Approach, Attempt, BankRefusal, Challenge, ChallengeField, FieldKind, KnownQuestion,
};
use url::Url;

use super::answers::{AuthorizeAnswer, TokenAnswer};
use super::exchange::{Ask, client_id, request_id, token_end};
use super::wire::{Authorize, AuthorizeByCode, OrderBody, ScopeDetails, TokenRequest};
use super::{CODE_FIELD, PolishApi};
use crate::approvals::Approval;
use crate::cache::after;
use crate::call::Call;
use crate::error::BankError;
use crate::exchange::read;
use crate::payments::PaymentOrder;
use crate::token::{AccessToken, Proof, RefreshToken};

/// How long a consent to a payment is asked for, in seconds: long enough for its last status.
const CONSENT_LIFETIME_S: i64 = 35 * 24 * 3600;
/// The longest access token that is accepted, in bytes.
const ACCESS_TOKEN_BYTES_MAX: usize = 8 * 1024;

/// The payer types the code that the bank's app shows.
pub(super) fn ask_for_code(is_retry: bool) -> Approval {
    let field = ChallengeField {
        id: CODE_FIELD.to_owned(),
        kind: FieldKind::Text,
        label: KnownQuestion::AppCode.into(),
        hint: None,
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
        let asked = OrderBody::of(call.bank, order)?;
        let consent_id = attempt.idempotency_key.as_str();
        let until = after(call.clock.now(), CONSENT_LIFETIME_S);
        let content = Authorize {
            response_type: "code",
            client_id: client_id(call)?,
            redirect_uri: call.return_url,
            scope: "pis",
            scope_details: ScopeDetails::of(call.bank, &asked, order, consent_id, until)?,
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
        let asked = OrderBody::of(call.bank, order)?;
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
            scope_details: ScopeDetails::of(call.bank, &asked, order, consent_id, until)?,
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
                approach: Approach::IN_APP,
            }),
            Err(BankError::Refused(BankRefusal { http_status: 422, .. })) => Ok(ask_for_code(true)),
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
        let (code, redirect_uri) = (Some(code), Some(call.return_url));
        let asked = TokenFor { code, redirect_uri, refresh_token: None };
        let (token, consented) = self.ask_for_token(call, "exchange-code", asked).await?;
        if consented.is_some_and(|consented| consented != consent_id) {
            let what = "`scope_details.consentId` is another's";
            return Err(BankError::malformed(what, b""));
        }
        Ok(Approval::Granted { consent_id: consent_id.to_owned(), proof: Proof::Token(token) })
    }

    /// Another token for a refresh token.
    pub(super) async fn refreshed(
        &self,
        call: &Call<'_>,
        refresh: &RefreshToken,
    ) -> Result<AccessToken, BankError> {
        let refresh_token = Some(refresh.token.as_str());
        let asked = TokenFor { code: None, redirect_uri: None, refresh_token };
        let (mut token, _) = self.ask_for_token(call, "refresh-token", asked).await?;
        // A bank that gives no new one takes the old one again.
        token.refresh.get_or_insert_with(|| refresh.clone());
        Ok(token)
    }

    /// A token, and the consent that the bank says it is for.
    async fn ask_for_token(
        &self,
        call: &Call<'_>,
        operation: &'static str,
        asked: TokenFor<'_>,
    ) -> Result<(AccessToken, Option<String>), BankError> {
        let content = TokenRequest {
            grant_type: match asked.refresh_token {
                Some(_) => "refresh_token",
                None => "authorization_code",
            },
            code: asked.code,
            refresh_token: asked.refresh_token,
            redirect_uri: asked.redirect_uri,
            client_id: client_id(call)?,
            is_user_session: call.psu.is_present(),
            user_ip: crate::exchange::psu_ip_address(call),
            user_agent: crate::exchange::psu_user_agent(call),
        };
        let (service, method_name) = ("auth", "token");
        let ask = Ask { operation, service, method_name, content, token: None, callback: None };
        let response = self.send(call, &request_id(call), ask).await?;
        let answer: TokenAnswer = read(&response.body)?;
        if !is_token(&answer.access_token) {
            let what = "`access_token` is not 1 to 8192 visible ASCII characters";
            return Err(BankError::malformed(what, &response.body));
        }
        let expires_at = token_end(call.clock.now(), answer.expires_in.as_ref());
        let refresh = answer.refresh_token.filter(|token| is_token(token));
        let refresh = refresh.map(|token| RefreshToken { token, metadata_url: None });
        let token = AccessToken { access_token: answer.access_token, expires_at, refresh };
        Ok((token, answer.scope_details.and_then(|details| details.consent_id)))
    }
}

/// The grant for a token.
struct TokenFor<'a> {
    code: Option<&'a str>,
    redirect_uri: Option<&'a str>,
    refresh_token: Option<&'a str>,
}

fn is_token(text: &str) -> bool {
    (1..=ACCESS_TOKEN_BYTES_MAX).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_graphic())
}
