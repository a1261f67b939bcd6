# Pages for what cannot go on. Each has a title and a text that says what the payer can do.

problem-address-damaged-title = This page cannot be shown
problem-address-damaged-text = This address is damaged: go back to the shop and start the payment again.
problem-form-damaged-title = This page cannot be shown
problem-form-damaged-text = This form is damaged: go back to the shop and start the payment again.
problem-too-much-sent-title = This page cannot be shown
problem-too-much-sent-text = Too much was sent. Go back and try again.
problem-stale-form-title = Please try again
problem-stale-form-text = This form is out of date or did not come from this page, and changed nothing. Go on to see where your payment stands.
problem-not-found-title = This payment does not exist
problem-not-found-text = The link is incomplete or too old. Please go back to the shop and start again.
problem-unavailable-title = Please try again in a moment
problem-unavailable-text = The payment cannot be shown now. Reload this page to go on, and do not pay again before you have seen it.
problem-lookup-failed-title = Please try again in a moment
problem-lookup-failed-text = We could not look up your payment. Reload this page to try again.
problem-unknown-address-title = This page cannot be opened on its own
problem-unknown-address-text = This address belongs to no payment here. Go back to the shop to see where your payment stands.
problem-unknown-return-title = This page cannot be opened on its own
problem-unknown-return-text = Your bank's answer is missing or belongs to no payment here. If you have approved a payment, do not pay again before you have looked at your account.
problem-return-not-stored-title = Please try again in a moment
problem-return-not-stored-text = Your bank's answer could not be stored. Reload this page to try again.
problem-shop-silent-title = The shop does not answer
problem-shop-silent-text = The shop has not told us where the money goes. Nothing was paid. You can try again, or go back to the shop.
