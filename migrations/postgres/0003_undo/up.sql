-- Which operation takes another back, and by which one it was taken back itself.
ALTER TABLE operations ADD COLUMN undoes TEXT;
ALTER TABLE operations ADD COLUMN undone_by TEXT;

-- An operation's changes are walked in their order, page by page. (SQLite's index holds the row id already.)
DROP INDEX changes_operation_id;
CREATE INDEX changes_operation_id_seq ON changes (operation_id, seq);
