-- What was asked with an Idempotency-Key, and what was answered: for 24 hours a repeat gets the first answer.
CREATE TABLE idempotency (
    -- SHA-256 of the API key's id, the method, the path and the Idempotency-Key.
    scope TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    -- Who works on it; whoever has lost it cannot write.
    token TEXT COLLATE "C" NOT NULL,
    query TEXT COLLATE "C" NOT NULL,
    -- SHA-256 of the body; none until a streamed body has been read.
    body_hash TEXT COLLATE "C",
    -- Has a transaction of the request been committed?
    effected BOOLEAN NOT NULL DEFAULT FALSE,
    -- None while the request runs.
    status INTEGER,
    headers JSON,
    body BYTEA,
    lease_until TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX idempotency_expires_at ON idempotency (expires_at);
