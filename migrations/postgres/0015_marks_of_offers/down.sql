DROP INDEX offers_product_id_live_supplier_id_gtin;
CREATE INDEX offers_product_id_live_supplier_id ON offers (product_id, live, supplier_id);
