-- The product that this one was merged into: its SKU answers for that one, nobody else sees it.
ALTER TABLE products ADD COLUMN merged_into BIGINT;
CREATE INDEX products_merged_into ON products (merged_into) WHERE merged_into IS NOT NULL;

-- Which product an offer was of before a merge: who splits it off again gets that one's SKU back.
CREATE TABLE offer_homes (
    offer_id INTEGER NOT NULL PRIMARY KEY REFERENCES offers (id),
    product_id BIGINT NOT NULL REFERENCES products (id)
);

-- Two products that may be one, for a person to decide; the smaller id stands left. What was rejected is remembered for ever.
CREATE TABLE match_cases (
    id TEXT NOT NULL PRIMARY KEY,
    left_product BIGINT NOT NULL REFERENCES products (id),
    right_product BIGINT NOT NULL REFERENCES products (id),
    state TEXT NOT NULL,
    score INTEGER NOT NULL,
    reasons TEXT NOT NULL,
    opened_at TEXT NOT NULL,
    decided_at TEXT,
    decided_by TEXT,
    operation_id TEXT,
    UNIQUE (left_product, right_product)
);
CREATE INDEX match_cases_state_id ON match_cases (state, id);
CREATE INDEX match_cases_right_product ON match_cases (right_product);

-- What records that may be one product have in common, as hashes; only what shares one is compared. Says where to look, never what is.
CREATE TABLE match_keys (
    key BIGINT NOT NULL,
    product_id BIGINT NOT NULL,
    PRIMARY KEY (key, product_id)
) WITHOUT ROWID;

-- Numbers are looked up by their keys now; four trees that every row was written into answer nobody any more.
DROP INDEX offers_gtin_product_id;
DROP INDEX offers_mpn_key_brand_product_id;
DROP INDEX products_gtin;
DROP INDEX products_mpn_key_brand;
