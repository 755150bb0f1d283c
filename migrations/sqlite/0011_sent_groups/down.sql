ALTER TABLE listings DROP COLUMN sent_group;
