//! The tables. Only `lead` and `message` hold anything personal of customers (P9), and where a person typed one, the reason
//! of a release, a discard or an end: in `flow`, `figures` and `timeline`. `rules` holds the group's own people, as its
//! files do.
//!
//! They are written once; where the databases name a thing otherwise, [`in_sqlite`] and [`in_postgres`] say so: `ID`
//! is text that sorts by its bytes, and a `KEYED` table lies in the order of its key.

/// The schema that this release writes.
pub(super) const SCHEMA: i64 = 3;

const TABLES: &str = "
CREATE TABLE meta (key ID PRIMARY KEY, value TEXT NOT NULL) KEYED;

-- What came in, and what the customer told; `mail` repeats the address of `told`, to be searched.
CREATE TABLE lead (
    id ID PRIMARY KEY,
    source TEXT NOT NULL,
    source_id TEXT,
    joined_to ID,
    told TEXT,
    phone TEXT,
    mail TEXT,
    content_type TEXT NOT NULL,
    body BYTES
) PLAIN;
CREATE INDEX lead_phone ON lead (phone) WHERE phone IS NOT NULL;
CREATE INDEX lead_mail ON lead (mail) WHERE mail IS NOT NULL;
CREATE INDEX lead_unread ON lead (id) WHERE told IS NULL AND body IS NOT NULL;
CREATE UNIQUE INDEX lead_source ON lead (source, source_id) WHERE source_id IS NOT NULL;

-- `number`, `due`, `open` and the columns below repeat what stands in `flow`, to be searched; `node` wrote it last.
CREATE TABLE flow (
    lead ID PRIMARY KEY,
    version BIGINT NOT NULL,
    flow TEXT NOT NULL,
    number ID,
    due BIGINT,
    open BIGINT NOT NULL,
    t1 BIGINT NOT NULL,
    stage ID NOT NULL,
    source ID NOT NULL,
    rooftop ID NOT NULL,
    node BIGINT NOT NULL
) PLAIN;
CREATE INDEX flow_due ON flow (due, t1) WHERE due IS NOT NULL;
CREATE INDEX flow_open ON flow (stage, lead) WHERE open = 1;
CREATE INDEX flow_listed ON flow (t1, lead);
CREATE INDEX flow_source ON flow (source, t1, lead);
CREATE INDEX flow_rooftop ON flow (rooftop, t1, lead);

-- What the figures need of a flow that is over and will not go on by itself, in the order in which they ask: a flow is
-- ten times as long. Of a flow that is open again it is out of date, and not asked for.
CREATE TABLE figures (t1 BIGINT NOT NULL, lead ID NOT NULL, joined_to ID, figures_row TEXT NOT NULL, PRIMARY KEY (t1, lead)) KEYED;

-- The lines of one decision in a row, as a list.
CREATE TABLE timeline (lead ID NOT NULL, seq BIGINT NOT NULL, entries TEXT NOT NULL, PRIMARY KEY (lead, seq)) KEYED;

CREATE TABLE desk (phone ID PRIMARY KEY, due BIGINT, phone_row TEXT NOT NULL) KEYED;
CREATE INDEX desk_due ON desk (due) WHERE due IS NOT NULL;

CREATE TABLE number (number ID PRIMARY KEY, number_row TEXT NOT NULL) KEYED;

-- An event left to another flow; `cause` is the lead that joined it, or empty when it is only woken. Each has a name of
-- its own: whoever leaves one never waits for whoever takes another out.
CREATE TABLE wake (id BIGINT PRIMARY KEY, lead ID NOT NULL, cause ID NOT NULL) PLAIN;
CREATE INDEX wake_lead ON wake (lead);

-- `node` has the item in hand.
CREATE TABLE outbox (
    id BIGINT PRIMARY KEY,
    lead ID NOT NULL,
    command TEXT NOT NULL,
    parked BIGINT NOT NULL,
    born_at BIGINT NOT NULL,
    node BIGINT NOT NULL
) PLAIN;

CREATE TABLE call (call ID PRIMARY KEY, leg TEXT NOT NULL) KEYED;

-- What was written to people, and what they wrote back; `lead` is empty for what is about no lead.
CREATE TABLE message (
    id BIGINT PRIMARY KEY,
    lead ID,
    recipient TEXT,
    way TEXT NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    rooftop TEXT,
    subject TEXT NOT NULL,
    body TEXT NOT NULL,
    carrier_id TEXT,
    code BIGINT,
    at BIGINT NOT NULL,
    node BIGINT NOT NULL
) PLAIN;
CREATE INDEX message_lead ON message (lead) WHERE lead IS NOT NULL;
CREATE INDEX message_leaving ON message (id) WHERE state = 'leaving';
CREATE UNIQUE INDEX message_received ON message (carrier_id) WHERE kind = 'received';

-- Which leads became customers.
CREATE TABLE conversion (lead ID PRIMARY KEY, told_at BIGINT NOT NULL) KEYED;

-- The processes that may act, each until its lease ends; `heir` settles what a lost one left.
CREATE TABLE node (id BIGINT PRIMARY KEY, lease_until BIGINT NOT NULL, heir BIGINT) KEYED;

-- When the next ring of a carrier may leave, of whatever node.
CREATE TABLE pace (carrier ID PRIMARY KEY, free_at BIGINT NOT NULL) KEYED;

-- All versions of the files that a person edits, in order; of each file the last is in use, and `parent` was so before.
CREATE TABLE rules (
    number BIGINT PRIMARY KEY,
    file ID NOT NULL,
    hash ID NOT NULL,
    parent ID,
    bytes BYTES NOT NULL,
    who TEXT NOT NULL,
    at BIGINT NOT NULL
) PLAIN;
";

/// From the schema before, in SQLite: the tables of now are filled from those of then.
pub(super) const FROM_SCHEMA_2: [&str; 2] = [
    "
CREATE TABLE IF NOT EXISTS conversion (lead TEXT PRIMARY KEY, told_at INTEGER NOT NULL);
DROP INDEX lead_phone;
DROP INDEX lead_source;
DROP INDEX flow_due;
DROP INDEX flow_open;
DROP INDEX flow_listed;
DROP INDEX desk_due;
DROP INDEX message_lead;
DROP INDEX message_leaving;
DROP INDEX message_received;
ALTER TABLE meta RENAME TO meta_2;
ALTER TABLE lead RENAME TO lead_2;
ALTER TABLE flow RENAME TO flow_2;
ALTER TABLE timeline RENAME TO timeline_2;
ALTER TABLE desk RENAME TO desk_2;
ALTER TABLE number RENAME TO number_2;
ALTER TABLE wake RENAME TO wake_2;
ALTER TABLE outbox RENAME TO outbox_2;
ALTER TABLE call RENAME TO call_2;
ALTER TABLE message RENAME TO message_2;
ALTER TABLE conversion RENAME TO conversion_2;
",
    "
INSERT INTO meta SELECT key, CASE key WHEN 'hash-key' THEN lower(hex(value)) ELSE CAST(value AS TEXT) END FROM meta_2;
INSERT INTO lead SELECT id, source, source_id, joined_to, told, phone, lower(told ->> 'email'),
    coalesce(content_type, ''), body FROM lead_2 LEFT JOIN raw ON raw.lead = id;
INSERT INTO flow SELECT lead, version, flow, flow ->> '$.facts.number', due, open, t1, stage, source, rooftop, 0
    FROM flow_2;
INSERT INTO timeline SELECT lead, seq, '[' || entry || ']' FROM timeline_2;
INSERT INTO desk SELECT phone, due, phone_row FROM desk_2;
INSERT INTO number SELECT number, number_row FROM number_2;
INSERT INTO wake SELECT row_number() OVER (ORDER BY lead, cause), lead, cause FROM wake_2;
INSERT INTO outbox SELECT id, lead, command, parked, born_at, 0 FROM outbox_2;
INSERT INTO call SELECT call, leg FROM call_2;
INSERT INTO message SELECT id, lead, recipient, way, kind, state, rooftop, subject, body, carrier_id, code, at, 0
    FROM message_2;
INSERT INTO conversion SELECT lead, told_at FROM conversion_2;
DROP TABLE raw;
DROP TABLE meta_2;
DROP TABLE lead_2;
DROP TABLE flow_2;
DROP TABLE timeline_2;
DROP TABLE desk_2;
DROP TABLE number_2;
DROP TABLE wake_2;
DROP TABLE outbox_2;
DROP TABLE call_2;
DROP TABLE message_2;
DROP TABLE conversion_2;
",
];

/// The tables as SQLite makes them.
pub(super) fn in_sqlite() -> String {
    TABLES
        .replace(" ID", " TEXT")
        .replace("BYTES", "BLOB")
        .replace("BIGINT", "INTEGER")
        .replace(") KEYED;", ") STRICT, WITHOUT ROWID;")
        .replace(") PLAIN;", ") STRICT;")
}

/// The tables as PostgreSQL makes them.
pub(super) fn in_postgres() -> String {
    TABLES
        .replace(" ID", " TEXT COLLATE \"C\"")
        .replace("BYTES", "BYTEA")
        .replace(") KEYED;", ");")
        .replace(") PLAIN;", ");")
        + "CREATE SEQUENCE node_number;"
}
