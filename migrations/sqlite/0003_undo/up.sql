-- Which operation takes another back, and by which one it was taken back itself.
ALTER TABLE operations ADD COLUMN undoes TEXT;
ALTER TABLE operations ADD COLUMN undone_by TEXT;
