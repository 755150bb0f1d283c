DROP INDEX products_brand;
CREATE INDEX products_brand_mpn_key ON products (brand, mpn_key);
CREATE INDEX changes_xid_seq ON changes (xid, seq);
ALTER TABLE offers ADD COLUMN raw TEXT NOT NULL DEFAULT '{}';
ALTER TABLE offers ADD COLUMN claims TEXT NOT NULL DEFAULT '[]';
ALTER TABLE offers ADD COLUMN images TEXT NOT NULL DEFAULT '[]';
ALTER TABLE offers ADD COLUMN tags TEXT NOT NULL DEFAULT '[]';
UPDATE offers SET raw = said.raw, claims = said.claims, images = said.images, tags = said.tags
    FROM offer_records AS said WHERE said.offer_id = offers.id;
DROP TABLE offer_records;
