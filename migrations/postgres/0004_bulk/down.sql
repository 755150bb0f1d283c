ALTER TABLE offers DROP COLUMN warned;
ALTER TABLE offers ADD COLUMN superseded TEXT COLLATE "C";
DROP INDEX products_mpn_key;
DROP INDEX offers_mpn_key;
CREATE INDEX offers_brand_mpn_key ON offers (brand, mpn_key);
