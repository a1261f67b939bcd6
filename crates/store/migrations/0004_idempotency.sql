-- Requests that carry an idempotency key: recorded in the commit of what they change, so that a
-- repetition finds it whatever happened to the first answer. The id is a digest of member, route
-- and key. Old rows are deleted.
CREATE TABLE idempotency_keys (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    request_sha256 TEXT COLLATE "C" NOT NULL,
    created_ms BIGINT NOT NULL,
    running_until_ms BIGINT NOT NULL,
    payment_id TEXT COLLATE "C",
    answer TEXT
);
CREATE INDEX idempotency_keys_by_time ON idempotency_keys (created_ms, id);
