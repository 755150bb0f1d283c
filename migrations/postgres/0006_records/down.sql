DROP INDEX products_brand;
CREATE INDEX products_brand_mpn_key ON products (brand, mpn_key);
ALTER TABLE offers ADD COLUMN raw JSON NOT NULL DEFAULT '{}';
ALTER TABLE offers ADD COLUMN claims JSON NOT NULL DEFAULT '[]';
ALTER TABLE offers ADD COLUMN images JSON NOT NULL DEFAULT '[]';
ALTER TABLE offers ADD COLUMN tags JSON NOT NULL DEFAULT '[]';
UPDATE offers SET raw = said.raw, claims = said.claims, images = said.images, tags = said.tags
    FROM offer_records AS said WHERE said.offer_id = offers.id;
DROP TABLE offer_records;
