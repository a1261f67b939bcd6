//! Placeholder until the standard is written.
use domain::bank::OrderStatus;
use domain::payment::Attempt;
use domain::seams::BoxFuture;

use crate::error::{AuthorisationError, BankError};
use crate::protocol::*;
use crate::psu_return::Returned;

#[derive(Default)]
pub(crate) struct PolishApi;

fn no<'a, T: Send + 'a>() -> BoxFuture<'a, Result<T, BankError>> {
    Box::pin(async { Err(BankError::before_sending("unsupported", "not yet")) })
}

impl Protocol for PolishApi {
    fn open_payment<'a>(
        &'a self,
        _: &'a Call<'a>,
        _: &'a PaymentOrder,
        _: &'a Attempt,
        _: &'a Credentials,
    ) -> BoxFuture<'a, Result<Approval, BankError>> {
        no()
    }
    fn complete_authorisation<'a>(
        &'a self,
        _: &'a Call<'a>,
        _: &'a PaymentOrder,
        _: Pending<'a>,
        _: &'a Returned,
    ) -> BoxFuture<'a, Result<Approval, AuthorisationError>> {
        Box::pin(async { Err(BankError::before_sending("unsupported", "not yet").into()) })
    }
    fn send_credentials<'a>(
        &'a self,
        _: &'a Call<'a>,
        _: &'a PaymentOrder,
        _: Pending<'a>,
        _: &'a Credentials,
    ) -> BoxFuture<'a, Result<Approval, BankError>> {
        no()
    }
    fn ask_approval<'a>(
        &'a self,
        _: &'a Call<'a>,
        _: &'a PaymentOrder,
        _: Pending<'a>,
    ) -> BoxFuture<'a, Result<Approval, BankError>> {
        no()
    }
    fn confirm_funds<'a>(
        &'a self,
        _: &'a Call<'a>,
        _: &'a PaymentOrder,
        _: &'a str,
        _: &'a AccessGrant,
    ) -> BoxFuture<'a, Result<bool, BankError>> {
        no()
    }
    fn submit_order<'a>(
        &'a self,
        _: &'a Call<'a>,
        _: &'a PaymentOrder,
        _: &'a str,
        _: &'a AccessGrant,
        _: &'a str,
    ) -> BoxFuture<'a, Result<OrderAnswer, BankError>> {
        no()
    }
    fn ask_order_status<'a>(
        &'a self,
        _: &'a Call<'a>,
        _: &'a PaymentOrder,
        _: &'a str,
        _: Option<&'a AccessGrant>,
    ) -> BoxFuture<'a, Result<OrderStatus, BankError>> {
        no()
    }
    fn ask_lost_order<'a>(
        &'a self,
        _: &'a Call<'a>,
        _: &'a PaymentOrder,
        _: &'a str,
        _: Option<&'a AccessGrant>,
    ) -> BoxFuture<'a, Result<LostOrder, BankError>> {
        no()
    }
    fn cancel_payment<'a>(
        &'a self,
        _: &'a Call<'a>,
        _: &'a PaymentOrder,
        _: &'a str,
        _: Option<&'a AccessGrant>,
    ) -> BoxFuture<'a, Result<Cancellation, BankError>> {
        no()
    }
}
