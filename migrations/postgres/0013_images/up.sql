-- Pictures, kept once by their bytes. `file` is the original in the file store.
CREATE TABLE images (
    id TEXT COLLATE "C" PRIMARY KEY,
    sha256 TEXT COLLATE "C" NOT NULL UNIQUE,
    file TEXT COLLATE "C" NOT NULL,
    format TEXT COLLATE "C" NOT NULL,
    width INTEGER NOT NULL,
    height INTEGER NOT NULL,
    bytes BIGINT NOT NULL,
    white_border INTEGER NOT NULL,
    -- How it looks, in hexadecimal digits.
    looks TEXT COLLATE "C" NOT NULL,
    findings TEXT COLLATE "C" NOT NULL,
    facts JSON NOT NULL,
    -- The same picture in another size or compression that was here first.
    same_as TEXT COLLATE "C",
    -- A person said that it is another picture than any before it.
    distinct_by TEXT COLLATE "C",
    -- A picture that stands for no picture; nothing like it is taken.
    placeholder BOOLEAN NOT NULL DEFAULT FALSE,
    name TEXT COLLATE "C",
    created_by TEXT COLLATE "C" NOT NULL,
    created_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX images_file ON images (file);
CREATE INDEX images_placeholder ON images (id) WHERE placeholder;
CREATE INDEX images_same_as ON images (same_as) WHERE same_as IS NOT NULL;

-- Pieces of the perceptual hashes: two pictures that are alike have one of them in common.
CREATE TABLE image_bands (
    band INTEGER NOT NULL,
    value INTEGER NOT NULL,
    image_id TEXT COLLATE "C" NOT NULL REFERENCES images (id) ON DELETE CASCADE,
    PRIMARY KEY (band, value, image_id)
);
CREATE INDEX image_bands_image_id ON image_bands (image_id);

-- Addresses that suppliers and people name, and what came of asking them. `id` is of the address, so that it is known without a look.
CREATE TABLE image_addresses (
    id TEXT COLLATE "C" PRIMARY KEY,
    address TEXT COLLATE "C" NOT NULL,
    -- Of the address, empty for uploads: hosts are asked in turn, so that none holds up the others.
    host TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL,
    image_id TEXT COLLATE "C" REFERENCES images (id),
    etag TEXT COLLATE "C",
    last_modified TEXT COLLATE "C",
    code TEXT COLLATE "C",
    message TEXT COLLATE "C",
    attempts INTEGER NOT NULL DEFAULT 0,
    due_at TIMESTAMPTZ NOT NULL,
    worker TEXT COLLATE "C",
    asked_at TIMESTAMPTZ
);
CREATE INDEX image_addresses_state_host_due_at ON image_addresses (state, host, due_at);
CREATE INDEX image_addresses_image_id ON image_addresses (image_id);

-- Which product shows which address.
CREATE TABLE product_images (
    product_id BIGINT NOT NULL REFERENCES products (id) ON DELETE CASCADE,
    address_id TEXT COLLATE "C" NOT NULL REFERENCES image_addresses (id),
    PRIMARY KEY (product_id, address_id)
);
CREATE INDEX product_images_address_id ON product_images (address_id);

-- What was made of a picture for a channel or a list; `rendition` is of the wish and of nothing else.
CREATE TABLE image_renditions (
    image_id TEXT COLLATE "C" NOT NULL REFERENCES images (id) ON DELETE CASCADE,
    rendition TEXT COLLATE "C" NOT NULL,
    file TEXT COLLATE "C" NOT NULL,
    format TEXT COLLATE "C" NOT NULL,
    width INTEGER NOT NULL,
    height INTEGER NOT NULL,
    bytes BIGINT NOT NULL,
    sha256 TEXT COLLATE "C" NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (image_id, rendition)
);
CREATE INDEX image_renditions_file ON image_renditions (file);
