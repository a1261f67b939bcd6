-- Jobs run in lanes that share nothing: 0 is work at banks, 1 is what goes to members and payers.
ALTER TABLE jobs ADD COLUMN lane BIGINT NOT NULL DEFAULT 0;
UPDATE jobs SET lane = 1 WHERE kind IN ('deliver', 'send_receipt');
DROP INDEX jobs_by_due;
CREATE INDEX jobs_by_lane ON jobs (lane, due_ms);
