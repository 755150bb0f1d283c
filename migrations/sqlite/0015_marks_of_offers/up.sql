-- What an import tells a product's offers apart by stands in the index whole: every candidate of every row asks for it.
DROP INDEX offers_product_id_live_supplier_id;
CREATE INDEX offers_product_id_live_supplier_id_gtin ON offers (product_id, live, supplier_id, gtin);
