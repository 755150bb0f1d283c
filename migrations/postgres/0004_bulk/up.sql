-- Superseded rows of a file are known before it is taken in, so that offers need not remember them.
ALTER TABLE offers DROP COLUMN superseded;
-- Did reading the row leave a warning? A row without one is not read again while it stays the same.
ALTER TABLE offers ADD COLUMN warned BOOLEAN NOT NULL DEFAULT TRUE;
-- Part numbers are looked up by themselves; brands are told apart afterwards.
DROP INDEX offers_brand_mpn_key;
CREATE INDEX offers_mpn_key ON offers (mpn_key);
CREATE INDEX products_mpn_key ON products (mpn_key);
