-- An import asks for each of its rows who else has this number and who else sells this product. An offer's row is some kilobytes long; what
-- is asked for stands in the index, so that no row is fetched for it.
DROP INDEX offers_product_id;
DROP INDEX offers_gtin;
DROP INDEX offers_mpn_key;
DROP INDEX products_mpn_key;
CREATE INDEX offers_product_id_live_supplier_id ON offers (product_id, live, supplier_id);
CREATE INDEX offers_gtin_product_id ON offers (gtin, product_id);
CREATE INDEX offers_mpn_key_brand_product_id ON offers (mpn_key, brand, product_id);
CREATE INDEX products_mpn_key_brand ON products (mpn_key, brand);
