-- When a person closed a case, who it was, and why; all three or none. A closed case stays.
ALTER TABLE cases ADD COLUMN closed_ms BIGINT;
ALTER TABLE cases ADD COLUMN closed_by TEXT;
ALTER TABLE cases ADD COLUMN close_reason TEXT;
CREATE INDEX cases_open ON cases (at_ms, id) WHERE closed_ms IS NULL;
CREATE INDEX cases_by_time ON cases (at_ms, id);
