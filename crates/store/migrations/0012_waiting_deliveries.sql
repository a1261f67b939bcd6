-- What waits for a member's endpoint, so that a new webhook configuration wakes it. Lane 1 is what goes to
-- members and payers; work at banks costs this index nothing.
CREATE INDEX jobs_of_endpoint ON jobs (member_id, due_ms) WHERE lane = 1;
