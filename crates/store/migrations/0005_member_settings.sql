-- What is agreed with a member: a JSON object, whose absent fields have their defaults.
ALTER TABLE members ADD COLUMN settings TEXT NOT NULL DEFAULT '{}';
