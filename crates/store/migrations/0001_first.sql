-- One text for SQLite and PostgreSQL. TEXT that is ordered or compared by range carries
-- COLLATE "C" (the runner leaves it out on SQLite, whose default order is the same).
-- All times are milliseconds since 1970 (UTC). `body` columns are JSON that SQL never looks into.

CREATE TABLE members (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    created_ms BIGINT NOT NULL
);

-- Public keys with which members sign their requests.
CREATE TABLE member_keys (
    member_id TEXT COLLATE "C" NOT NULL REFERENCES members (id),
    key_id TEXT COLLATE "C" NOT NULL,
    algorithm TEXT NOT NULL,
    public_key TEXT NOT NULL,
    created_ms BIGINT NOT NULL,
    PRIMARY KEY (member_id, key_id)
);

-- Basic keys (sandbox only): the SHA-256 of a random secret.
CREATE TABLE api_keys (
    member_id TEXT COLLATE "C" NOT NULL REFERENCES members (id),
    secret_sha256 TEXT COLLATE "C" NOT NULL,
    created_ms BIGINT NOT NULL,
    PRIMARY KEY (member_id, secret_sha256)
);

-- The gateway's own keys, sealed.
CREATE TABLE gateway_secrets (
    name TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    sealed TEXT NOT NULL,
    created_ms BIGINT NOT NULL
);

CREATE TABLE payments (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    member_id TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL,
    ref_id TEXT COLLATE "C" NOT NULL,
    created_ms BIGINT NOT NULL,
    version BIGINT NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX payments_by_member ON payments (member_id, created_ms, id);
CREATE INDEX payments_by_reference ON payments (member_id, ref_id);

-- What happened, in order: history, timeline and source of webhooks.
CREATE TABLE events (
    subject TEXT COLLATE "C" NOT NULL,
    version BIGINT NOT NULL,
    id TEXT COLLATE "C" NOT NULL,
    member_id TEXT COLLATE "C" NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    at_ms BIGINT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (subject, version)
);

-- One event on its way to the member's endpoint: pending, delivered or abandoned.
CREATE TABLE deliveries (
    subject TEXT COLLATE "C" NOT NULL,
    version BIGINT NOT NULL,
    member_id TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL,
    attempts BIGINT NOT NULL,
    first_ms BIGINT NOT NULL,
    ended_ms BIGINT,
    last_result TEXT,
    PRIMARY KEY (subject, version)
);

-- Effects that are due. A claim moves `due_ms` to the end of the lease, so a job whose runner
-- died is due again by itself.
CREATE TABLE jobs (
    subject TEXT COLLATE "C" NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    member_id TEXT COLLATE "C" NOT NULL,
    due_ms BIGINT NOT NULL,
    lease TEXT COLLATE "C" NOT NULL,
    attempts BIGINT NOT NULL,
    PRIMARY KEY (subject, kind)
);
CREATE INDEX jobs_by_due ON jobs (due_ms);

CREATE TABLE webhook_configs (
    member_id TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES members (id),
    url TEXT NOT NULL,
    updated_ms BIGINT NOT NULL
);
CREATE TABLE webhook_types (
    member_id TEXT COLLATE "C" NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    position BIGINT NOT NULL,
    PRIMARY KEY (member_id, kind)
);

-- What a person must read.
CREATE TABLE cases (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    subject TEXT COLLATE "C" NOT NULL,
    member_id TEXT COLLATE "C" NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    explanation TEXT NOT NULL,
    at_ms BIGINT NOT NULL
);
CREATE INDEX cases_by_subject ON cases (subject);
