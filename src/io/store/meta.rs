//! What the store knows about itself: a few words, each under its name.

use super::db::{Db, with};
use super::error::{Answer, StoreError};
use crate::phone::HashKey;

/// The name of the store's secret.
pub(super) const HASH_KEY: &str = "hash-key";
/// Stands as long as a copy into this store has not ended.
pub(super) const COPYING: &str = "copying";
/// How often SQLite's file was opened: the number of the process that has it.
pub(super) const OPENINGS: &str = "openings";
/// The schema of a database of PostgreSQL.
pub(super) const SCHEMA: &str = "schema";
const TOUCHED: &str = "touched";
/// What a store knows about itself alone, so that it is not copied into another.
pub(super) const OF_ITSELF: [&str; 4] = [COPYING, OPENINGS, SCHEMA, TOUCHED];
/// The word under a name.
pub(super) const SELECT: &str = "SELECT value FROM meta WHERE key = $1";
/// A new word.
pub(super) const INSERT: &str = "INSERT INTO meta (key, value) VALUES ($1, $2)";

/// Writes something, to see whether it can be done.
pub(super) async fn touch(db: &mut Db<'_>) -> Answer<()> {
    set(db, TOUCHED, "yes")
}

/// The word under a name.
pub(super) async fn get(db: &mut Db<'_>, key: &str) -> Answer<Option<String>> {
    let row = db.ask_one(SELECT, with![key]).await?;
    row.map(|row| row.text(0).map(ToOwned::to_owned))
        .transpose()
}

/// Writes a word under a name, in the place of another.
pub(super) fn set(db: &mut Db<'_>, key: &str, value: &str) -> Answer<()> {
    let sql = "INSERT INTO meta (key, value) VALUES ($1, $2) \
               ON CONFLICT (key) DO UPDATE SET value = excluded.value";
    db.write(sql, with![key, value])
}

/// Forgets a word.
pub(super) fn remove(db: &mut Db<'_>, key: &str) -> Answer<()> {
    db.write("DELETE FROM meta WHERE key = $1", with![key])
}

/// Whether a copy into this store has not ended.
pub(super) async fn is_half_copied(db: &mut Db<'_>) -> Answer<bool> {
    Ok(get(db, COPYING).await?.is_some())
}

/// Writes a word under a name, unless it stands there already: `false`.
pub(super) async fn turn(db: &mut Db<'_>, key: &str, value: &str) -> Answer<bool> {
    let sql = "INSERT INTO meta (key, value) VALUES ($1, $2) \
               ON CONFLICT (key) DO UPDATE SET value = excluded.value \
               WHERE meta.value <> excluded.value";
    Ok(db.change(sql, with![key, value]).await? == 1)
}

/// The store's secret.
pub(super) async fn hash_key(db: &mut Db<'_>) -> Answer<HashKey> {
    let text = get(db, HASH_KEY).await?;
    secret(&text.unwrap_or_default())
}

/// A secret for a new store, as it is kept.
pub(super) fn new_secret() -> Answer<String> {
    let mut secret = [0_u8; 32];
    getrandom::fill(&mut secret).map_err(|error| StoreError::Unavailable(error.to_string()))?;
    Ok(secret.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// A secret as it is kept.
pub(super) fn secret(text: &str) -> Answer<HashKey> {
    let byte = |at: usize| u8::from_str_radix(text.get(2 * at..2 * at + 2)?, 16).ok();
    let bytes: Option<Vec<u8>> = (0..32).map(byte).collect();
    let key = bytes.and_then(|bytes| bytes.try_into().ok());
    key.map(HashKey)
        .ok_or_else(|| StoreError::Corrupt("the store's secret".to_owned()))
}
