//! UK Open Banking read/write API 3.1.11 and 4.0: domestic payments, scheduled payments and standing
//! orders, international payments.
//!
//! [`handle`] is the envelope that all resources share: which resource and method, the headers, the
//! access token, the message signature, and around the answer its interaction id and signature.
//! The resources themselves turn a checked [`ProviderRequest`] into an [`Answer`]; they see no HTTP.
//!
//! | checked | answer when wrong |
//! |---|---|
//! | path, method | 404, 405 |
//! | `Accept`, `Content-Type` | 406, 415 |
//! | access token | 401 |
//! | kind of access token for this operation | 403 |
//! | `x-fapi-interaction-id`, `x-idempotency-key` | 400 `Header.*` |
//! | `x-jws-signature` | 400 `Signature.*` |
//! | body | 400 `Field.*`, `Resource.*`, `Unsupported.*` |

pub(crate) mod answer;
mod assertion;
pub(crate) mod authorize;
pub(crate) mod banks;
mod client_secret;
mod consents;
pub(crate) mod dialect;
mod fields;
mod habits;
pub(crate) mod international;
mod orders;
mod plain_oauth;
mod problem;
pub(crate) mod pushed;
mod register;
mod shapes;
mod signature;
pub(crate) mod token;

use std::sync::Arc;

use axum::Router;
use axum::body::{Bytes, to_bytes};
use axum::extract::{Path, Request, State};
use axum::response::Response;
use axum::routing::{any, get, post};
use http::header::{ACCEPT, ALLOW, AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, Method};
use jiff::Timestamp;
use serde_json::Value;

use crate::PeerCertificate;
use crate::engine::banks::{self as all_banks, Bank};
use crate::engine::delivery::{self, BODY_BYTES_MAX, Delivery, Outgoing};
use crate::engine::grant::{Grant, key};
use crate::engine::order::{Order, Product};
use crate::engine::shared::{Client, Shared};
use crate::engine::{state, visit};
use problem::Problem;
use token::{certificate_name, has_client_header};

const MAXIMUM_IDEMPOTENCY_KEY_LENGTH: usize = 40;
const INTERACTION_ID: &str = "x-fapi-interaction-id";
const FINANCIAL_ID: &str = "x-fapi-financial-id";
const IDEMPOTENCY_KEY: &str = "x-idempotency-key";

/// Every path of these banks.
pub(crate) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/{bank}/.well-known/openid-configuration", get(token::configuration))
        .route("/{bank}/openid-configuration", get(token::configuration_elsewhere))
        .route("/{bank}/jwks", get(token::jwks))
        .route("/{bank}/token", post(token::token))
        .route("/{bank}/register", post(register::register))
        .route("/sim/software-statements", post(register::issue_statement))
        .route("/{bank}/par", post(pushed::push))
        .route("/{bank}/authorize", get(authorize::authorize))
        .route("/{bank}/authorisations/{id}/sign-in", get(visit::show_sign_in).post(visit::sign_in))
        .route("/{bank}/authorisations/{id}/consent", get(visit::show_consent).post(visit::decide))
        .route("/{bank}/authorisations/{id}/return", get(answer::show_return))
        .route("/{bank}/open-banking/{version}/pisp/{*resource}", any(handle))
}

/// The bank of this standard with this id.
fn find(id: &str) -> Option<&'static Bank> {
    all_banks::find(id).filter(|bank| bank.is_uk_open_banking())
}

/// Consent status and order status as `/sim/orders` shows them: with the names of 3.1.
pub(crate) fn words(order: &Order) -> (&'static str, Option<&'static str>) {
    let consent = dialect::Version::V3_1.consent_status(order.approval.stage);
    (consent, order.order_id.is_some().then(|| dialect::payment_status(order)))
}

/// A time as the standard writes it, with an offset.
fn date_time(at: Timestamp) -> String {
    format!("{at:.3}")
}

/// A path of the API.
enum Resource<'path> {
    Consents(Product),
    Consent(Product, &'path str),
    FundsConfirmation(Product, &'path str),
    Orders(Product),
    Order(Product, &'path str),
    PaymentDetails(Product, &'path str),
}

const PRODUCTS: [Product; 4] = [
    Product::Payment,
    Product::InternationalPayment,
    Product::ScheduledPayment,
    Product::StandingOrder,
];

impl<'path> Resource<'path> {
    fn find(path: &'path str) -> Option<Self> {
        let segments: Vec<&str> = path.split('/').collect();
        let first = segments.first()?;
        if let Some(product) = PRODUCTS.into_iter().find(|product| product.consents() == *first) {
            return Some(match segments[1..] {
                [] => Self::Consents(product),
                [id] if !id.is_empty() => Self::Consent(product, id),
                [id, "funds-confirmation"]
                    if matches!(product, Product::Payment | Product::InternationalPayment) =>
                {
                    Self::FundsConfirmation(product, id)
                }
                _ => return None,
            });
        }
        let product = PRODUCTS.into_iter().find(|product| product.orders() == *first)?;
        Some(match segments[1..] {
            [] => Self::Orders(product),
            [id] if !id.is_empty() => Self::Order(product, id),
            [id, "payment-details"] => Self::PaymentDetails(product, id),
            _ => return None,
        })
    }

    fn template(&self) -> &'static str {
        match self {
            Self::FundsConfirmation(Product::InternationalPayment, _) => {
                "/international-payment-consents/{ConsentId}/funds-confirmation"
            }
            Self::FundsConfirmation(..) => {
                "/domestic-payment-consents/{ConsentId}/funds-confirmation"
            }
            Self::Consents(product) => product.templates()[0],
            Self::Consent(product, _) => product.templates()[1],
            Self::Orders(product) => product.templates()[2],
            Self::Order(product, _) => product.templates()[3],
            Self::PaymentDetails(product, _) => product.templates()[4],
        }
    }

    fn method(&self) -> Method {
        match self {
            Self::Consents(_) | Self::Orders(_) => Method::POST,
            _ => Method::GET,
        }
    }

    /// Whether the operation needs the token that the PSU's authorisation gave.
    fn wants_psu_token(&self) -> bool {
        matches!(self, Self::FundsConfirmation(..) | Self::Orders(_))
    }
}

/// The answer of a resource.
#[derive(Debug, Clone)]
struct Answer {
    status: u16,
    content: Content,
    delivery: Delivery,
}

#[derive(Debug, Clone)]
enum Content {
    Nothing,
    Json(Value),
    Problems(Vec<Problem>),
}

impl Answer {
    /// An answer without a body, where the standard has none.
    fn status(status: u16) -> Self {
        Self { status, content: Content::Nothing, delivery: Delivery::Proper }
    }

    fn body(status: u16, body: Value) -> Self {
        Self { content: Content::Json(body), ..Self::status(status) }
    }

    fn refuse(status: u16, problems: Vec<Problem>) -> Self {
        Self { content: Content::Problems(problems), ..Self::status(status) }
    }

    fn not_found(what: &str) -> Self {
        let what = format!("there is no such {what}");
        Self::refuse(400, vec![Problem::new("Resource.NotFound", what)])
    }

    fn delivered(self, delivery: Delivery) -> Self {
        Self { delivery, ..self }
    }
}

/// A request whose sender is known.
struct ProviderRequest<'request> {
    shared: &'request Shared,
    bank: &'static Bank,
    client: &'request Client,
    token: Grant,
    headers: &'request HeaderMap,
    body: &'request [u8],
    now: Timestamp,
}

impl ProviderRequest<'_> {
    fn client_id(&self) -> &str {
        &self.client.registration.client_id
    }

    /// The address of a resource of this bank.
    fn link(&self, path: &str) -> String {
        let (bank, version) = (self.bank.id, self.bank.uk_open_banking().version.segment());
        let base_url = if self.bank.uk_open_banking().knows_clients_by_certificate() {
            self.shared.tls_base_url()
        } else {
            &self.shared.base_url
        };
        format!("{base_url}/{bank}/open-banking/{version}/pisp/{path}")
    }

    /// Runs work on the state and keeps what it changed, also when it refuses.
    fn commit(
        &self,
        work: impl FnOnce(&mut state::State) -> Result<Answer, Answer>,
    ) -> Result<Answer, Answer> {
        self.shared.commit(work).unwrap_or_else(|failure| {
            Err(Answer::refuse(500, vec![Problem::new("UnexpectedError", failure.to_string())]))
        })
    }

    /// The body as JSON of the right shape.
    fn parse_body(&self, shape: &[fields::Field]) -> Result<Value, Answer> {
        let body = serde_json::from_slice::<Value>(self.body).map_err(|_| {
            let problem = Problem::new("Resource.InvalidFormat", "the body is not JSON");
            Answer::refuse(400, vec![problem])
        })?;
        let usual = habits::usual(self.bank.uk_open_banking(), &body)
            .map_err(|problem| Answer::refuse(400, vec![problem]))?;
        let problems = fields::check(shape, &usual);
        if problems.is_empty() { Ok(body) } else { Err(Answer::refuse(400, problems)) }
    }

    /// The key under which this call is remembered.
    fn idempotency_key(&self, resource: &str) -> Result<String, Answer> {
        let key = self.headers.get(IDEMPOTENCY_KEY).and_then(|value| value.to_str().ok());
        let problem = match key {
            Some(key) if key.is_empty() || key.len() > MAXIMUM_IDEMPOTENCY_KEY_LENGTH => {
                Problem::at("Header.Invalid", IDEMPOTENCY_KEY, "must have 1 to 40 characters")
            }
            Some(key) => {
                return Ok(format!("{}|{}|{resource}|{key}", self.bank.id, self.client_id()));
            }
            None => Problem::at("Header.Missing", IDEMPOTENCY_KEY, "the header is missing"),
        };
        Err(Answer::refuse(400, vec![problem]))
    }
}

/// Any request below `/{bank}/open-banking/{version}/pisp/`.
pub(crate) async fn handle(
    State(shared): State<Arc<Shared>>,
    Path((bank, version, path)): Path<(String, String, String)>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let found = find(&bank).filter(|bank| bank.uk_open_banking().version.segment() == version);
    let Some(bank) = found else { return delivery::not_found() };
    let now = shared.now();
    let body = to_bytes(body, BODY_BYTES_MAX).await;
    let resource = Resource::find(&path);
    let received = body.as_ref().map(Bytes::as_ref).unwrap_or_default();
    let answer = match (&resource, &body) {
        (None, _) => Answer::status(404),
        (Some(_), Err(_)) => {
            let problem = Problem::new("Resource.InvalidFormat", "the body is longer than 1 MiB");
            Answer::refuse(400, vec![problem])
        }
        (Some(resource), Ok(_)) => {
            let shown = parts.extensions.get::<PeerCertificate>();
            let certificate = shown.map(|PeerCertificate(der)| certificate_name(der));
            let envelope =
                Envelope { shared: &shared, bank, now, method: &parts.method, certificate };
            envelope
                .check_and_answer(resource, &parts.headers, received)
                .unwrap_or_else(|answer| answer)
        }
    };
    let (headers, body) = dress(&shared, bank, &parts.headers, resource.as_ref(), &answer, now);
    let template = resource.as_ref().map_or("", Resource::template);
    let Answer { status, delivery, .. } = answer;
    let outgoing = Outgoing { status, headers, body, delivery };
    delivery::deliver(&shared, bank, (&parts, received, template), outgoing).await
}

/// The checks before a resource is called.
struct Envelope<'request> {
    shared: &'request Shared,
    bank: &'static Bank,
    now: Timestamp,
    method: &'request Method,
    /// Of the certificate on the connection.
    certificate: Option<String>,
}

impl Envelope<'_> {
    fn check_and_answer(
        &self,
        resource: &Resource,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Result<Answer, Answer> {
        if *self.method != resource.method() {
            return Err(Answer::status(405));
        }
        let text = |name: http::HeaderName| {
            headers.get(name).map(|value| value.to_str().unwrap_or_default())
        };
        if text(ACCEPT).is_some_and(|accept| !accepts_json(accept)) {
            return Err(Answer::status(406));
        }
        if !has_client_header(self.bank, headers) {
            return Err(Answer::status(401));
        }
        let (token, client) = self.authenticate(headers).ok_or_else(|| Answer::status(401))?;
        let client = client.as_ref();
        let posts = *self.method == Method::POST;
        if posts && !is_json(text(CONTENT_TYPE).unwrap_or_default()) {
            return Err(Answer::status(415));
        }
        check_token(resource, &token)?;
        if headers.contains_key(INTERACTION_ID) && interaction_id(headers).is_none() {
            let problem = Problem::at("Header.Invalid", INTERACTION_ID, "must be a UUID");
            return Err(Answer::refuse(400, vec![problem]));
        }
        let (shared, bank, now) = (self.shared, self.bank, self.now);
        let own = bank.uk_open_banking();
        let financial_id = headers.get(FINANCIAL_ID).map(HeaderValue::as_bytes);
        if own.wants_financial_id && financial_id != Some(own.organisation_id.as_bytes()) {
            let what = "the header must have the bank's id";
            let problem = Problem::at("Header.Missing", FINANCIAL_ID, what);
            return Err(Answer::refuse(400, vec![problem]));
        }
        let call = ProviderRequest { shared, bank, client, token, headers, body, now };
        if posts {
            call.idempotency_key("")?;
            signature::verify(bank, headers, body, client, now)
                .map_err(|problem| Answer::refuse(400, vec![problem]))?;
        } else if headers.contains_key(signature::HEADER) {
            let what = "a request without a body is not signed";
            let problem = Problem::at("Signature.Unexpected", signature::HEADER, what);
            return Err(Answer::refuse(400, vec![problem]));
        }
        match resource {
            Resource::Consents(product) => consents::create(&call, *product),
            Resource::Consent(product, id) => consents::read(&call, *product, id),
            Resource::FundsConfirmation(product, id) => {
                consents::confirm_funds(&call, *product, id)
            }
            Resource::Orders(product) => orders::create(&call, *product),
            Resource::Order(product, id) => orders::read(&call, *product, id),
            Resource::PaymentDetails(product, id) => orders::details(&call, *product, id),
        }
    }

    /// The token of the request and its client, if the token is good at this bank.
    fn authenticate(&self, headers: &HeaderMap) -> Option<(Grant, Arc<Client>)> {
        let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
        let (scheme, secret) = value.split_once(' ')?;
        if !scheme.eq_ignore_ascii_case("Bearer") {
            return None;
        }
        let key = key("token", secret.trim());
        let found = self.shared.commit(|state| state.grants.get(&key).cloned());
        let token = found.ok().flatten()?;
        let bound = token.certificate.is_none() || token.certificate == self.certificate;
        let good = bound && token.bank == self.bank.id && token.expires_at > self.now;
        let client = self.shared.client(self.bank, &token.client)?;
        good.then_some((token, client))
    }
}

fn check_token(resource: &Resource, token: &Grant) -> Result<(), Answer> {
    let what = match (resource.wants_psu_token(), token.order_id.is_some()) {
        _ if !token.scope.split(' ').any(|word| word == "payments") => {
            "the access token has not the scope payments"
        }
        (true, false) => "this operation needs an access token that the PSU has authorised",
        (false, true) => "this operation needs a client credentials access token",
        (true, true) | (false, false) => return Ok(()),
    };
    // The standard has no error code of its own for this.
    Err(Answer::refuse(403, vec![Problem::new("UnexpectedError", what)]))
}

fn essence(media_type: &str) -> String {
    media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// `application/json`, with no charset or UTF-8.
fn is_json(content_type: &str) -> bool {
    let mut parts = content_type.split(';').map(|part| part.trim().to_ascii_lowercase());
    parts.next().as_deref() == Some("application/json")
        && parts.all(|part| matches!(part.as_str(), "charset=utf-8" | "charset=\"utf-8\""))
}

fn accepts_json(accept: &str) -> bool {
    accept.split(',').any(|range| {
        matches!(essence(range).as_str(), "application/json" | "application/*" | "*/*")
    })
}

/// The interaction id of a request, if it is a UUID.
fn interaction_id(headers: &HeaderMap) -> Option<&HeaderValue> {
    let value = headers.get(INTERACTION_ID)?;
    let text = value.as_bytes();
    let good = text.len() == 36
        && text.iter().enumerate().all(|(index, byte)| match index {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        });
    good.then_some(value)
}

/// Headers and bytes of an answer.
fn dress(
    shared: &Shared,
    bank: &Bank,
    request_headers: &HeaderMap,
    resource: Option<&Resource>,
    answer: &Answer,
    now: Timestamp,
) -> (HeaderMap, Vec<u8>) {
    let mut headers = HeaderMap::new();
    let fresh_id = || HeaderValue::from_str(&shared.uuid()).ok();
    if let Some(id) = interaction_id(request_headers).cloned().or_else(fresh_id) {
        headers.insert(INTERACTION_ID, id);
    }
    match answer.status {
        401 => {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        405 => {
            let method = resource.map(Resource::method).unwrap_or_default();
            headers.extend(HeaderValue::from_str(method.as_str()).map(|value| (ALLOW, value)));
        }
        429 => {
            headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
        }
        _ => {}
    }
    let body = match &answer.content {
        Content::Nothing => return (headers, Vec::new()),
        Content::Json(value) => value.to_string().into_bytes(),
        Content::Problems(problems) => {
            let (id, version) = (shared.uuid(), bank.uk_open_banking().version);
            problem::error_body(version, answer.status, &id, problems).to_string().into_bytes()
        }
    };
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
    if bank.uk_open_banking().signs_no_answers {
        return (headers, answer.delivery.cut(body));
    }
    let signed: &[u8] =
        if answer.delivery == Delivery::WronglySigned { b"something else" } else { &body };
    let signature = signature::make(shared, bank, signed, now)
        .and_then(|text| HeaderValue::from_str(&text).ok());
    if let Some(signature) = signature {
        headers.insert(signature::HEADER, signature);
    }
    (headers, answer.delivery.cut(body))
}
