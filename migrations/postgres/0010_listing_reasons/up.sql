-- The reasons of every listing, a row each: those with one reason are read in the order of products, without looking at the others.
CREATE TABLE listing_reasons (
    channel TEXT COLLATE "C" NOT NULL,
    code TEXT COLLATE "C" NOT NULL,
    product_id BIGINT NOT NULL,
    field TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (channel, code, product_id, field)
);
CREATE INDEX listing_reasons_channel_field_product_id ON listing_reasons (channel, field, product_id);

INSERT INTO listing_reasons (channel, code, product_id, field, state)
SELECT listings.channel, reason->>'code', listings.product_id, reason->>'field', listings.state
FROM listings, json_array_elements(listings.reasons) AS reason
ON CONFLICT DO NOTHING;
