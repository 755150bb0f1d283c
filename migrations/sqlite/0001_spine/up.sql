-- Settings of the house, one JSON document each.
CREATE TABLE settings (
    key TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);

-- Who ships.
CREATE TABLE suppliers (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    code TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    currency TEXT NOT NULL,
    locale TEXT NOT NULL,
    rank INTEGER NOT NULL DEFAULT 100,
    country TEXT,
    version BIGINT NOT NULL DEFAULT 1,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
);

CREATE TABLE warehouses (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    supplier_id BIGINT NOT NULL REFERENCES suppliers (id),
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    country TEXT,
    UNIQUE (supplier_id, code)
);

-- How one supplier's files map to our attributes; the newest row of a supplier and kind is in force.
CREATE TABLE profiles (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    supplier_id BIGINT NOT NULL REFERENCES suppliers (id),
    kind TEXT NOT NULL,
    toml TEXT NOT NULL,
    proposed BOOLEAN NOT NULL,
    fingerprint TEXT NOT NULL,
    created_at TEXT NOT NULL
);
CREATE INDEX profiles_supplier_id_kind_id ON profiles (supplier_id, kind, id);

CREATE TABLE brands (
    code TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    created_at TEXT NOT NULL
);

-- Every spelling that means a brand, folded.
CREATE TABLE brand_aliases (
    alias TEXT NOT NULL PRIMARY KEY,
    brand TEXT NOT NULL REFERENCES brands (code)
);
CREATE INDEX brand_aliases_brand ON brand_aliases (brand);

CREATE TABLE product_groups (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    code TEXT NOT NULL UNIQUE,
    title TEXT NOT NULL,
    pinned BOOLEAN NOT NULL DEFAULT 0,
    supplier_id BIGINT REFERENCES suppliers (id),
    parent TEXT,
    version BIGINT NOT NULL DEFAULT 1,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    UNIQUE (supplier_id, parent)
);

-- The golden record: derived from offers and edits, always rebuildable.
CREATE TABLE products (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    sku TEXT NOT NULL UNIQUE,
    status TEXT NOT NULL,
    status_by TEXT NOT NULL,
    gtin TEXT,
    brand TEXT REFERENCES brands (code),
    mpn TEXT,
    mpn_key TEXT,
    category TEXT,
    group_id BIGINT REFERENCES product_groups (id),
    group_pinned BOOLEAN NOT NULL DEFAULT 0,
    title TEXT NOT NULL,
    golden TEXT NOT NULL,
    images TEXT NOT NULL,
    tags TEXT NOT NULL,
    available BIGINT NOT NULL DEFAULT 0,
    price_minor BIGINT,
    price_currency TEXT,
    version BIGINT NOT NULL DEFAULT 1,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
);
CREATE INDEX products_gtin ON products (gtin);
CREATE INDEX products_brand_mpn_key ON products (brand, mpn_key);
CREATE INDEX products_group_id ON products (group_id);

-- What people said; above every supplier.
CREATE TABLE product_edits (
    product_id BIGINT NOT NULL REFERENCES products (id),
    attribute TEXT NOT NULL,
    locale TEXT NOT NULL DEFAULT '',
    value TEXT NOT NULL,
    author TEXT NOT NULL,
    operation_id TEXT NOT NULL,
    edited_at TEXT NOT NULL,
    PRIMARY KEY (product_id, attribute, locale)
);

-- One supplier's record of one item: raw and normalised side by side.
CREATE TABLE offers (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    supplier_id BIGINT NOT NULL REFERENCES suppliers (id),
    supplier_sku TEXT NOT NULL,
    product_id BIGINT REFERENCES products (id),
    live BOOLEAN NOT NULL,
    gone_at TEXT,
    raw TEXT NOT NULL,
    row_hash TEXT NOT NULL,
    superseded TEXT,
    claims TEXT NOT NULL,
    gtin TEXT,
    brand TEXT,
    mpn_key TEXT,
    parent TEXT,
    cost_minor BIGINT,
    cost_currency TEXT,
    recommended_minor BIGINT,
    recommended_currency TEXT,
    images TEXT NOT NULL,
    tags TEXT NOT NULL,
    import_id TEXT NOT NULL,
    file TEXT NOT NULL,
    row_number BIGINT NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    UNIQUE (supplier_id, supplier_sku)
);
CREATE INDEX offers_product_id ON offers (product_id);
CREATE INDEX offers_gtin ON offers (gtin);
CREATE INDEX offers_brand_mpn_key ON offers (brand, mpn_key);

CREATE TABLE stock_levels (
    offer_id BIGINT NOT NULL REFERENCES offers (id),
    warehouse_id BIGINT NOT NULL REFERENCES warehouses (id),
    on_hand BIGINT NOT NULL CHECK (on_hand >= 0),
    reserved BIGINT NOT NULL DEFAULT 0,
    reported_at TEXT NOT NULL,
    PRIMARY KEY (offer_id, warehouse_id)
);

-- The ledger: every movement of stock, never changed.
CREATE TABLE stock_movements (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    offer_id BIGINT NOT NULL REFERENCES offers (id),
    warehouse_id BIGINT NOT NULL REFERENCES warehouses (id),
    kind TEXT NOT NULL,
    delta BIGINT NOT NULL,
    on_hand BIGINT NOT NULL,
    operation_id TEXT NOT NULL,
    moved_at TEXT NOT NULL
);
CREATE INDEX stock_movements_offer_id_id ON stock_movements (offer_id, id);

-- One import, edit, merge or rule run; what can be undone as one.
CREATE TABLE operations (
    id TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    actor TEXT NOT NULL,
    subject TEXT NOT NULL,
    summary TEXT NOT NULL,
    created_at TEXT NOT NULL,
    finished_at TEXT
);

-- The change log: the only coupling between writers and readers.
CREATE TABLE changes (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    xid BIGINT NOT NULL DEFAULT 0,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    product_id BIGINT,
    offer_id BIGINT,
    operation_id TEXT,
    before TEXT,
    data TEXT NOT NULL,
    changed_at TEXT NOT NULL
);
CREATE INDEX changes_xid_seq ON changes (xid, seq);
CREATE INDEX changes_product_id_seq ON changes (product_id, seq);
CREATE INDEX changes_operation_id ON changes (operation_id);

CREATE TABLE imports (
    id TEXT NOT NULL PRIMARY KEY,
    supplier TEXT NOT NULL,
    kind TEXT NOT NULL,
    mode TEXT NOT NULL,
    dry_run BOOLEAN NOT NULL,
    status TEXT NOT NULL,
    profile TEXT,
    profile_name TEXT NOT NULL,
    files TEXT NOT NULL,
    rows_read BIGINT NOT NULL DEFAULT 0,
    created BIGINT NOT NULL DEFAULT 0,
    updated BIGINT NOT NULL DEFAULT 0,
    unchanged BIGINT NOT NULL DEFAULT 0,
    rejected BIGINT NOT NULL DEFAULT 0,
    warned BIGINT NOT NULL DEFAULT 0,
    gone BIGINT NOT NULL DEFAULT 0,
    change TEXT,
    error TEXT,
    operation_id TEXT NOT NULL,
    created_at TEXT NOT NULL,
    started_at TEXT,
    finished_at TEXT
);
CREATE INDEX imports_supplier_id ON imports (supplier, id);

CREATE TABLE import_issues (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    import_id TEXT NOT NULL REFERENCES imports (id),
    file TEXT NOT NULL,
    row_number BIGINT NOT NULL,
    field TEXT NOT NULL,
    code TEXT NOT NULL,
    message TEXT NOT NULL,
    raw TEXT NOT NULL,
    severity TEXT NOT NULL
);
CREATE INDEX import_issues_import_id_id ON import_issues (import_id, id);

-- Offers that a full import missed, while it is held.
CREATE TABLE held_offers (
    import_id TEXT NOT NULL REFERENCES imports (id),
    offer_id BIGINT NOT NULL REFERENCES offers (id),
    -- The warehouse, for a held stock file; 0 for a held catalogue.
    warehouse_id BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (import_id, offer_id, warehouse_id)
);

CREATE TABLE jobs (
    id TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    payload TEXT NOT NULL,
    state TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    run_at TEXT NOT NULL,
    leased_by TEXT,
    lease_until TEXT,
    error TEXT,
    created_at TEXT NOT NULL,
    finished_at TEXT
);
CREATE INDEX jobs_state_run_at ON jobs (state, run_at);

CREATE TABLE channel_settings (
    channel TEXT NOT NULL PRIMARY KEY,
    enabled BOOLEAN NOT NULL,
    settings TEXT NOT NULL,
    version BIGINT NOT NULL DEFAULT 1,
    updated_at TEXT NOT NULL
);

-- How much of `quote` one unit of `base` is worth, as an exact decimal.
CREATE TABLE rates (
    base TEXT NOT NULL,
    quote TEXT NOT NULL,
    rate TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    PRIMARY KEY (base, quote)
);

-- One product on one channel.
CREATE TABLE listings (
    product_id BIGINT NOT NULL REFERENCES products (id),
    channel TEXT NOT NULL,
    locale TEXT NOT NULL,
    state TEXT NOT NULL,
    completeness INTEGER NOT NULL,
    reasons TEXT NOT NULL,
    row_hash TEXT,
    sent_hash TEXT,
    sent_at TEXT,
    updated_at TEXT NOT NULL,
    PRIMARY KEY (product_id, channel, locale)
);
CREATE INDEX listings_channel_state_product_id ON listings (channel, state, product_id);

-- One dated, immutable version of a channel's feed.
CREATE TABLE publications (
    id TEXT NOT NULL PRIMARY KEY,
    channel TEXT NOT NULL,
    state TEXT NOT NULL,
    detail TEXT,
    added BIGINT NOT NULL,
    changed BIGINT NOT NULL,
    removed BIGINT NOT NULL,
    unchanged BIGINT NOT NULL,
    parts TEXT NOT NULL,
    created_at TEXT NOT NULL,
    finished_at TEXT
);
CREATE INDEX publications_channel_id ON publications (channel, id);

CREATE TABLE api_keys (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    hash TEXT NOT NULL UNIQUE,
    supplier_id BIGINT REFERENCES suppliers (id),
    channel TEXT,
    created_at TEXT NOT NULL,
    revoked_at TEXT,
    last_used_at TEXT
);

-- How far each reader has followed the change log.
CREATE TABLE cursors (
    name TEXT NOT NULL PRIMARY KEY,
    position TEXT NOT NULL,
    updated_at TEXT NOT NULL
);
