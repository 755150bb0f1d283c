DROP INDEX match_keys_product_id;
