# The end of a payment or a standing order, or its last page for the payer. Each result has a title and
# a text. The text says whether money has left the account, or may have.

## Single payments

result-completed-title = Payment successful
result-completed-text = Your bank has accepted the payment.
result-rejected-title = Payment rejected
result-rejected-text = Your bank did not accept the payment. Nothing was paid.
result-insufficient-funds-title = Not enough money in the account
result-insufficient-funds-text = Your bank did not accept the payment because the account does not hold enough. Nothing was paid.
result-cancelled-by-payer-title = Payment cancelled
result-cancelled-by-payer-text = You have cancelled the payment. Nothing was paid; you can start again in the shop.
result-declined-title = Payment declined
result-declined-text = The payment was declined at your bank. Nothing was paid.
result-failed-title = Payment failed
result-failed-text = The payment could not be made. Nothing was paid; you can try again in the shop.
result-expired-title = Payment expired
result-expired-text = The payment was not approved in time. Nothing was paid; you can try again in the shop.
result-no-final-status-title = Payment not confirmed
result-no-final-status-text = Your bank never confirmed the payment. Please check your account before you pay again.
result-cancelled-by-shop-title = Payment cancelled
result-cancelled-by-shop-text = The shop has cancelled the payment. Nothing was paid.
result-being-cancelled-title = Cancellation under way
result-being-cancelled-text = Your bank has been asked to cancel the payment. Until it has done so, it may still make the payment.
result-not-cancelled-title = Payment not cancelled
result-not-cancelled-text = The shop asked your bank to cancel the payment, but it was not cancelled. Your bank makes it as agreed.
result-approved-title = Payment approved
result-approved-text = Your bank has your approval. The payment is made when the shop asks for it.
result-sent-title = Payment sent
result-sent-text = Your bank has not confirmed the payment yet. Please do not pay again.
result-uncertain-title = Your bank has not confirmed the payment
result-uncertain-text = Your bank may have the payment. Please check your account before you pay again.
result-next-working-day-title = Payment scheduled
result-next-working-day-text = Your bank has accepted the payment and will make it on its next working day. Please do not pay again.
result-agreed-day-title = Payment scheduled
result-agreed-day-text = Your bank has accepted the payment and will make it on the agreed day. Please do not pay again.
result-declined-here-title = Payment declined
result-declined-here-text = You have declined this payment. Nothing was paid; you can start again in the shop.
result-expired-here-title = Payment expired
result-expired-here-text = You opened this page too late. Nothing was paid; you can start again in the shop.

## Standing orders

standing-order-completed-title = Standing order set up
standing-order-completed-text = Your bank has accepted the standing order and will make its payments by itself.
standing-order-rejected-title = Standing order rejected
standing-order-rejected-text = Your bank did not accept the standing order. Nothing is paid.
standing-order-insufficient-funds-title = Not enough money in the account
standing-order-insufficient-funds-text = Your bank did not accept the standing order because the account does not hold enough. Nothing is paid.
standing-order-cancelled-by-payer-title = Standing order cancelled
standing-order-cancelled-by-payer-text = You have cancelled the standing order. Nothing is paid; you can start again in the shop.
standing-order-declined-title = Standing order declined
standing-order-declined-text = The standing order was declined at your bank. Nothing is paid.
standing-order-failed-title = Standing order failed
standing-order-failed-text = The standing order could not be set up. Nothing is paid; you can try again in the shop.
standing-order-expired-title = Standing order expired
standing-order-expired-text = The standing order was not approved in time. Nothing is paid; you can try again in the shop.
standing-order-no-final-status-title = Standing order not confirmed
standing-order-no-final-status-text = Your bank never confirmed the standing order. Please check the standing orders of your account before you set it up again.
standing-order-cancelled-by-shop-title = Standing order cancelled
standing-order-cancelled-by-shop-text = The shop has cancelled the standing order. Your bank makes no further payments.
standing-order-being-cancelled-title = Cancellation under way
standing-order-being-cancelled-text = Your bank has been asked to cancel the standing order. Until it has done so, it may still make payments.
standing-order-not-cancelled-title = Standing order not cancelled
standing-order-not-cancelled-text = The shop asked your bank to cancel the standing order, but it was not cancelled. Your bank continues to make its payments.
standing-order-approved-title = Standing order approved
standing-order-approved-text = Your bank has your approval. The standing order is set up when the shop asks for it.
standing-order-sent-title = Standing order sent
standing-order-sent-text = Your bank has not confirmed the standing order yet. Please do not set it up again.
standing-order-declined-here-title = Standing order declined
standing-order-declined-here-text = You have declined this standing order. Nothing is paid; you can start again in the shop.
standing-order-expired-here-title = Standing order expired
standing-order-expired-here-text = You opened this page too late. Nothing is paid; you can start again in the shop.
