DROP TABLE match_keys;
DROP TABLE match_cases;
DROP TABLE offer_homes;
DROP INDEX products_merged_into;
ALTER TABLE products DROP COLUMN merged_into;
CREATE INDEX offers_gtin_product_id ON offers (gtin, product_id);
CREATE INDEX offers_mpn_key_brand_product_id ON offers (mpn_key, brand, product_id);
CREATE INDEX products_gtin ON products (gtin);
CREATE INDEX products_mpn_key_brand ON products (mpn_key, brand);
