-- The reasons of every listing, a row each: those with one reason are read in the order of products, without looking at the others.
CREATE TABLE listing_reasons (
    channel TEXT NOT NULL,
    code TEXT NOT NULL,
    product_id BIGINT NOT NULL,
    field TEXT NOT NULL,
    state TEXT NOT NULL,
    PRIMARY KEY (channel, code, product_id, field)
) WITHOUT ROWID;
CREATE INDEX listing_reasons_channel_field_product_id ON listing_reasons (channel, field, product_id);

INSERT OR IGNORE INTO listing_reasons (channel, code, product_id, field, state)
SELECT listings.channel, json_extract(reason.value, '$.code'), listings.product_id, json_extract(reason.value, '$.field'), listings.state
FROM listings, json_each(listings.reasons) AS reason;
