DROP INDEX changes_operation_id_seq;
CREATE INDEX changes_operation_id ON changes (operation_id);

ALTER TABLE operations DROP COLUMN undone_by;
ALTER TABLE operations DROP COLUMN undoes;
