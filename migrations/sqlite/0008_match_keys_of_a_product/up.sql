-- What a product is found by is taken away when it is no longer its own: asked for by product.
CREATE INDEX match_keys_product_id ON match_keys (product_id);
