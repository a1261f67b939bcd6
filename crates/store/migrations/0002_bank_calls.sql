-- Every exchange with a bank, without secrets, account numbers or names: what was asked, what the
-- bank answered, how long it took. Ids order by time; old rows are deleted.
CREATE TABLE bank_calls (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    subject TEXT COLLATE "C" NOT NULL,
    bank_id TEXT COLLATE "C" NOT NULL,
    operation TEXT COLLATE "C" NOT NULL,
    started_ms BIGINT NOT NULL,
    duration_ms BIGINT NOT NULL,
    outcome TEXT COLLATE "C" NOT NULL,
    http_status BIGINT,
    body TEXT NOT NULL
);
CREATE INDEX bank_calls_by_subject ON bank_calls (subject, id);
