-- Listings are made anew: their rows and counts are kept beside them from here on. What made them starts over.
DELETE FROM listings;
DELETE FROM cursors WHERE name IN ('listings', 'listings.schema');

-- What a listing lacks, and what the channel itself said of it.
ALTER TABLE listings ADD COLUMN missing TEXT NOT NULL DEFAULT '[]';
ALTER TABLE listings ADD COLUMN answer TEXT;
ALTER TABLE listings ADD COLUMN answered_at TEXT;

-- Listings that are not as the channel was told: a delta reads these and nothing else.
CREATE INDEX listings_channel_product_id_untold ON listings (channel, product_id) WHERE row_hash IS NOT sent_hash;

-- What a person said about one product on one channel.
CREATE TABLE listing_choices (
    product_id BIGINT NOT NULL REFERENCES products (id),
    channel TEXT NOT NULL,
    choice TEXT NOT NULL,
    version BIGINT NOT NULL,
    updated_at TEXT NOT NULL,
    PRIMARY KEY (product_id, channel)
);

-- The row of every listing that goes, as it was judged: a feed is read from here, in the order of SKUs.
CREATE TABLE listing_rows (
    channel TEXT NOT NULL,
    sku TEXT NOT NULL,
    product_id BIGINT NOT NULL,
    group_code TEXT,
    handle TEXT NOT NULL,
    row_hash TEXT NOT NULL,
    cells TEXT NOT NULL,
    PRIMARY KEY (channel, sku)
);
CREATE INDEX listing_rows_channel_group_code_sku ON listing_rows (channel, group_code, sku) WHERE group_code IS NOT NULL;

-- How many listings of a channel are in a state, or have a reason; kept as they are judged.
CREATE TABLE listing_counts (
    channel TEXT NOT NULL,
    level TEXT NOT NULL,
    field TEXT NOT NULL,
    code TEXT NOT NULL,
    listings BIGINT NOT NULL,
    example TEXT NOT NULL,
    PRIMARY KEY (channel, level, field, code)
);

-- Values that no two products of a channel may share.
CREATE TABLE listing_keys (
    channel TEXT NOT NULL,
    field TEXT NOT NULL,
    value TEXT NOT NULL,
    product_id BIGINT NOT NULL,
    PRIMARY KEY (channel, field, value, product_id)
);
CREATE INDEX listing_keys_product_id ON listing_keys (product_id, channel);

-- What a publication differs in from the one before, and whether it is the one that stands.
ALTER TABLE publications ADD COLUMN kind TEXT NOT NULL DEFAULT 'full';
ALTER TABLE publications ADD COLUMN report TEXT;
ALTER TABLE publications ADD COLUMN of_publication TEXT;
