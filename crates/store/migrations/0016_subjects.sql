-- A repeatable request may make or change something else than a payment.
ALTER TABLE idempotency_keys RENAME COLUMN payment_id TO subject;
