ALTER TABLE offer_records DROP COLUMN issues;
