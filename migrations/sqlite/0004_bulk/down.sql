ALTER TABLE offers DROP COLUMN warned;
ALTER TABLE offers ADD COLUMN superseded TEXT;
