-- What a supplier's record said, apart from the offer itself: it is most of an offer's bytes, and matching, stock, prices and feeds, which
-- look at many offers, ask for none of it.
CREATE TABLE offer_records (
    offer_id INTEGER NOT NULL PRIMARY KEY REFERENCES offers (id),
    raw TEXT NOT NULL,
    claims TEXT NOT NULL,
    images TEXT NOT NULL,
    tags TEXT NOT NULL
);
INSERT INTO offer_records (offer_id, raw, claims, images, tags) SELECT id, raw, claims, images, tags FROM offers ORDER BY id;
ALTER TABLE offers DROP COLUMN raw;
ALTER TABLE offers DROP COLUMN claims;
ALTER TABLE offers DROP COLUMN images;
ALTER TABLE offers DROP COLUMN tags;
-- Every change is of transaction 0 here: their order is that of their numbers, which the table itself has.
DROP INDEX changes_xid_seq;
-- A brand's products in the order of their ids: part numbers have an index of their own.
DROP INDEX products_brand_mpn_key;
CREATE INDEX products_brand ON products (brand);
