//! The access token of an order, and its refresh: for questions about an order whose first token has
//! ended, and for its cancellation. A bank may take a refresh token once, so that it is asked with one
//! is recorded first, and nobody else asks meanwhile.

use jiff::{SignedDuration, Timestamp};

use super::machine::moved;
use super::patience::after;
use super::{OrderState, Payment, PaymentOutcome, PaymentStep, State, TokenFact};
use crate::case::CaseKind;
use crate::sealed::Sealed;
use crate::step::{Case, Outcome};

/// After this long whoever asked for a token is dead.
const REFRESH_TIME: SignedDuration = SignedDuration::from_mins(2);

impl OrderState {
    /// The access token.
    #[must_use]
    pub fn grant(&self) -> Option<&Sealed> {
        match self {
            OrderState::Authorised { grant, .. } => Some(grant),
            OrderState::Sent { order }
            | OrderState::Uncertain { order }
            | OrderState::Processing { order, .. }
            | OrderState::SetUp { order, .. } => order.grant.as_ref(),
        }
    }

    /// The same with another access token; an approval without an order is nothing without one.
    fn with_grant(mut self, token: Option<Sealed>) -> OrderState {
        match (&mut self, token) {
            (OrderState::Authorised { grant, .. }, Some(token)) => *grant = token,
            (OrderState::Authorised { .. }, None) => {}
            (
                OrderState::Sent { order }
                | OrderState::Uncertain { order }
                | OrderState::Processing { order, .. }
                | OrderState::SetUp { order, .. },
                token,
            ) => order.grant = token,
        }
        self
    }
}

impl Payment {
    /// Records that the bank is about to be asked for another token than `known`. `None` if somebody
    /// asks already or has asked since `known` was read, because a bank may end every token when a
    /// refresh token comes twice; and where there is no order whose token it would be.
    #[must_use]
    pub fn begin_refresh(&self, known: &Sealed, now: Timestamp) -> Option<PaymentStep> {
        let State::Ordered(order) = &self.state else { return None };
        let asks = self.refreshing_since.is_some_and(|since| now < after(since, REFRESH_TIME));
        if asks || order.grant() != Some(known) {
            return None;
        }
        let mut payment = self.clone();
        payment.refreshing_since = Some(now);
        Some(payment.silently(vec![]))
    }

    /// The outcome of a request for a new token.
    pub(super) fn observe_token(&self, what: &TokenFact) -> PaymentOutcome {
        let State::Ordered(order) = &self.state else { return Outcome::Already };
        let mut payment = self.clone();
        payment.refreshing_since = None;
        match what {
            TokenFact::NotRefreshed if self.refreshing_since.is_none() => Outcome::Already,
            TokenFact::NotRefreshed => moved(payment.silently(vec![])),
            TokenFact::Refreshed { grant } => {
                payment.state = State::Ordered(order.clone().with_grant(Some(grant.clone())));
                moved(payment.silently(vec![]))
            }
            TokenFact::Refused { text } => {
                payment.state = State::Ordered(order.clone().with_grant(None));
                let mut step = payment.silently(vec![]);
                step.cases.push(Case {
                    kind: CaseKind::AccessLost,
                    text: format!("the bank gives no other access token: {text}"),
                });
                moved(step)
            }
        }
    }
}
