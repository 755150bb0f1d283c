-- Pictures, kept once by their bytes. `file` is the original in the file store.
CREATE TABLE images (
    id TEXT PRIMARY KEY,
    sha256 TEXT NOT NULL UNIQUE,
    file TEXT NOT NULL,
    format TEXT NOT NULL,
    width INTEGER NOT NULL,
    height INTEGER NOT NULL,
    bytes BIGINT NOT NULL,
    white_border INTEGER NOT NULL,
    -- How it looks, in hexadecimal digits.
    looks TEXT NOT NULL,
    findings TEXT NOT NULL,
    facts TEXT NOT NULL,
    -- The same picture in another size or compression that was here first.
    same_as TEXT,
    -- A person said that it is another picture than any before it.
    distinct_by TEXT,
    -- A picture that stands for no picture; nothing like it is taken.
    placeholder BOOLEAN NOT NULL DEFAULT FALSE,
    name TEXT,
    created_by TEXT NOT NULL,
    created_at TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX images_file ON images (file);
CREATE INDEX images_placeholder ON images (id) WHERE placeholder;
CREATE INDEX images_same_as ON images (same_as) WHERE same_as IS NOT NULL;

-- Pieces of the perceptual hashes: two pictures that are alike have one of them in common.
CREATE TABLE image_bands (
    band INTEGER NOT NULL,
    value INTEGER NOT NULL,
    image_id TEXT NOT NULL REFERENCES images (id) ON DELETE CASCADE,
    PRIMARY KEY (band, value, image_id)
) WITHOUT ROWID;
CREATE INDEX image_bands_image_id ON image_bands (image_id);

-- Addresses that suppliers and people name, and what came of asking them. `id` is of the address, so that it is known without a look.
CREATE TABLE image_addresses (
    id TEXT PRIMARY KEY,
    address TEXT NOT NULL,
    -- Of the address, empty for uploads: hosts are asked in turn, so that none holds up the others.
    host TEXT NOT NULL,
    state TEXT NOT NULL,
    image_id TEXT REFERENCES images (id),
    etag TEXT,
    last_modified TEXT,
    code TEXT,
    message TEXT,
    attempts INTEGER NOT NULL DEFAULT 0,
    due_at TEXT NOT NULL,
    worker TEXT,
    asked_at TEXT
) WITHOUT ROWID;
CREATE INDEX image_addresses_state_host_due_at ON image_addresses (state, host, due_at);
CREATE INDEX image_addresses_image_id ON image_addresses (image_id);

-- Which product shows which address.
CREATE TABLE product_images (
    product_id BIGINT NOT NULL REFERENCES products (id) ON DELETE CASCADE,
    address_id TEXT NOT NULL REFERENCES image_addresses (id),
    PRIMARY KEY (product_id, address_id)
) WITHOUT ROWID;
CREATE INDEX product_images_address_id ON product_images (address_id);

-- What was made of a picture for a channel or a list; `rendition` is of the wish and of nothing else.
CREATE TABLE image_renditions (
    image_id TEXT NOT NULL REFERENCES images (id) ON DELETE CASCADE,
    rendition TEXT NOT NULL,
    file TEXT NOT NULL,
    format TEXT NOT NULL,
    width INTEGER NOT NULL,
    height INTEGER NOT NULL,
    bytes BIGINT NOT NULL,
    sha256 TEXT NOT NULL,
    created_at TEXT NOT NULL,
    PRIMARY KEY (image_id, rendition)
) WITHOUT ROWID;
CREATE INDEX image_renditions_file ON image_renditions (file);
