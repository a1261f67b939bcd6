//! The parts that single payments and standing orders have in common on the wire.

use super::instructions::Instructions;
use super::model::{RequestPayload, TransferBody};
use super::standing_order::StandingOrderBody;

/// The order for the payer to approve.
#[derive(Clone, Copy)]
pub(super) enum Body<'a> {
    /// A single payment.
    Transfer(&'a TransferBody),
    /// A standing order.
    StandingOrder(&'a StandingOrderBody),
}

impl<'a> Body<'a> {
    /// Where a single payment is.
    pub(super) const TRANSFER: &'static str = "requestPayload.transferBody";
    /// Where a standing order is.
    pub(super) const STANDING_ORDER: &'static str = "requestPayload.standingOrderBody";

    /// The body of a token request that has one.
    pub(super) fn of(payload: &'a RequestPayload) -> Option<Body<'a>> {
        let standing_order = payload.standing_order_body.as_ref().map(Body::StandingOrder);
        payload.transfer_body.as_ref().map(Body::Transfer).or(standing_order)
    }

    /// Where it is.
    pub(super) fn path(self) -> &'static str {
        match self {
            Body::Transfer(_) => Body::TRANSFER,
            Body::StandingOrder(_) => Body::STANDING_ORDER,
        }
    }

    /// The name of the field with the amount.
    pub(super) fn amount_name(self) -> &'static str {
        match self {
            Body::Transfer(_) => "lifetimeAmount",
            Body::StandingOrder(_) => "amount",
        }
    }

    /// The amount of each payment.
    pub(super) fn amount(self) -> &'a str {
        match self {
            Body::Transfer(body) => &body.lifetime_amount,
            Body::StandingOrder(body) => &body.amount,
        }
    }

    /// ISO 4217.
    pub(super) fn currency(self) -> &'a str {
        match self {
            Body::Transfer(body) => &body.currency,
            Body::StandingOrder(body) => &body.currency,
        }
    }

    /// Where to, where from, how.
    pub(super) fn instructions(self) -> &'a Instructions {
        match self {
            Body::Transfer(body) => &body.instructions,
            Body::StandingOrder(body) => &body.instructions,
        }
    }

    /// Reference on the payee's statement.
    pub(super) fn remittance_reference(self) -> Option<&'a str> {
        let reference = match self {
            Body::Transfer(body) => &body.remittance_reference,
            Body::StandingOrder(body) => &body.remittance_reference,
        };
        reference.as_deref().filter(|text| !text.is_empty())
    }

    /// Whether the bank is asked for the payer's account, for refunds.
    pub(super) fn return_refund_account(self) -> Option<bool> {
        match self {
            Body::Transfer(body) => body.return_refund_account,
            Body::StandingOrder(body) => body.return_refund_account,
        }
    }

    /// The address that the gateway asks for the payee once the bank is known; single payments only.
    pub(super) fn destinations_url(self) -> Option<&'a str> {
        self.transfer().and_then(|body| body.set_transfer_destinations_url.as_deref())
    }

    /// The single payment, where it is one.
    pub(super) fn transfer(self) -> Option<&'a TransferBody> {
        match self {
            Body::Transfer(body) => Some(body),
            Body::StandingOrder(_) => None,
        }
    }
}

impl RequestPayload {
    /// The instructions of the body, to be changed.
    pub(super) fn instructions_mut(&mut self) -> Option<&mut Instructions> {
        let standing_order = self.standing_order_body.as_mut().map(|body| &mut body.instructions);
        self.transfer_body.as_mut().map(|body| &mut body.instructions).or(standing_order)
    }
}
