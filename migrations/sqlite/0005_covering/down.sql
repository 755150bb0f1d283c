DROP INDEX products_mpn_key_brand;
DROP INDEX offers_mpn_key_brand_product_id;
DROP INDEX offers_gtin_product_id;
DROP INDEX offers_product_id_live_supplier_id;
CREATE INDEX products_mpn_key ON products (mpn_key);
CREATE INDEX offers_mpn_key ON offers (mpn_key);
CREATE INDEX offers_gtin ON offers (gtin);
CREATE INDEX offers_product_id ON offers (product_id);
