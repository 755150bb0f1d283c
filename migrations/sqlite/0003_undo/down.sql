ALTER TABLE operations DROP COLUMN undone_by;
ALTER TABLE operations DROP COLUMN undoes;
