-- One row that is overwritten by whoever wants to know whether the database takes writes.
CREATE TABLE readiness (
    id BIGINT NOT NULL PRIMARY KEY,
    checked_ms BIGINT NOT NULL
);
