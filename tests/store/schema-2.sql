-- The tables of a store of schema 2, as the releases before this one made them.
CREATE TABLE meta (key TEXT PRIMARY KEY, value ANY NOT NULL) STRICT;

CREATE TABLE lead (
    id TEXT PRIMARY KEY,
    source TEXT NOT NULL,
    source_id TEXT,
    joined_to TEXT,
    told TEXT,
    phone TEXT
) STRICT;
CREATE INDEX lead_phone ON lead (phone) WHERE phone IS NOT NULL;
CREATE UNIQUE INDEX lead_source ON lead (source, source_id) WHERE source_id IS NOT NULL;

CREATE TABLE raw (lead TEXT PRIMARY KEY, content_type TEXT NOT NULL, body BLOB NOT NULL) STRICT;

-- `due`, `open` and the columns below repeat what stands in `flow`, to be searched.
CREATE TABLE flow (
    lead TEXT PRIMARY KEY,
    version INTEGER NOT NULL,
    flow TEXT NOT NULL,
    due INTEGER,
    open INTEGER NOT NULL,
    t1 INTEGER NOT NULL,
    stage TEXT NOT NULL,
    source TEXT NOT NULL,
    rooftop TEXT NOT NULL
) STRICT;
CREATE INDEX flow_due ON flow (due, t1) WHERE due IS NOT NULL;
CREATE INDEX flow_open ON flow (stage, lead) WHERE open;
CREATE INDEX flow_listed ON flow (t1 DESC, lead DESC);

CREATE TABLE timeline (
    lead TEXT NOT NULL,
    seq INTEGER NOT NULL,
    entry TEXT NOT NULL,
    PRIMARY KEY (lead, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE desk (phone TEXT PRIMARY KEY, due INTEGER, phone_row TEXT NOT NULL) STRICT;
CREATE INDEX desk_due ON desk (due) WHERE due IS NOT NULL;

CREATE TABLE number (number TEXT PRIMARY KEY, number_row TEXT NOT NULL) STRICT;

-- An event left to another flow; `cause` is the lead that joined it, or empty when it is only woken.
CREATE TABLE wake (
    lead TEXT NOT NULL,
    cause TEXT NOT NULL,
    PRIMARY KEY (lead, cause)
) STRICT, WITHOUT ROWID;

CREATE TABLE outbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    lead TEXT NOT NULL,
    command TEXT NOT NULL,
    parked INTEGER NOT NULL DEFAULT 0,
    born_at INTEGER NOT NULL
) STRICT;

CREATE TABLE call (call TEXT PRIMARY KEY, leg TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE message (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    lead TEXT,
    recipient TEXT,
    way TEXT NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    rooftop TEXT,
    subject TEXT NOT NULL,
    body TEXT NOT NULL,
    carrier_id TEXT,
    code INTEGER,
    at INTEGER NOT NULL
) STRICT;
CREATE INDEX message_lead ON message (lead) WHERE lead IS NOT NULL;
CREATE INDEX message_leaving ON message (id) WHERE state = 'leaving';
CREATE UNIQUE INDEX message_received ON message (carrier_id) WHERE kind = 'received';

CREATE TABLE IF NOT EXISTS conversion (lead TEXT PRIMARY KEY, told_at INTEGER NOT NULL) STRICT, WITHOUT ROWID;

PRAGMA application_id = 0x4c656164;
PRAGMA user_version = 2;
