# Pages for problems. Each has a title, and a text with the payer's next step.

problem-address-damaged-title = This page cannot be shown
problem-address-damaged-text = This address is damaged. Go back to the shop and start the payment again.
problem-form-damaged-title = This page cannot be shown
problem-form-damaged-text = This form is damaged. Go back to the shop and start the payment again.
problem-too-much-sent-title = This page cannot be shown
problem-too-much-sent-text = The form was too large. Go back and try again.
problem-stale-form-title = Please try again
problem-stale-form-text = This form is out of date, or did not come from this page. It changed nothing. Continue to see your payment.
problem-not-found-title = This payment does not exist
problem-not-found-text = The link is incomplete or too old. Please go back to the shop and start again.
problem-unavailable-title = Please try again in a moment
problem-unavailable-text = We cannot show the payment now. Reload this page, and do not pay again before you have seen its result.
problem-lookup-failed-title = Please try again in a moment
problem-lookup-failed-text = We could not look up your payment. Reload this page to try again.
problem-unknown-address-title = This page cannot be opened on its own
problem-unknown-address-text = This address does not belong to a payment here. Go back to the shop to see your payment.
problem-unknown-return-title = This page cannot be opened on its own
problem-unknown-return-text = Your bank's answer is missing, or does not belong to a payment here. If you have approved a payment, check your account before you pay again.
problem-return-not-stored-title = Please try again in a moment
problem-return-not-stored-text = We could not store your bank's answer. Reload this page to try again.
problem-shop-silent-title = The shop does not answer
problem-shop-silent-text = The shop has not sent its account details. Nothing was paid. You can try again, or go back to the shop.
