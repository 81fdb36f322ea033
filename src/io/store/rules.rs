//! The rules in use: all versions that `rotation.toml` and `sources.toml` ever had, of which the last of each is in use.
//! A change names the one that its writer knew as the last; behind any other it is not written (compare and set).

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::Store;
use super::db::{Db, Row, misshapen, with};
use super::error::{Answer, StoreError};
use super::reads::Reads;
use super::rows::{moment, nanoseconds};

/// One of the two files that may change while the daemon runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RulesFile {
    /// Who is rung, and when.
    Rotation,
    /// Where leads come from.
    Sources,
}

/// Something of each of the two.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Both<T> {
    /// Of `rotation.toml`.
    pub rotation: T,
    /// Of `sources.toml`.
    pub sources: T,
}

/// What a version is known by: the same bytes are the same version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hash(String);

/// A version of a file.
#[derive(Clone, PartialEq, Eq)]
pub struct Version {
    /// What it is known by.
    pub hash: Hash,
    /// Its bytes.
    pub text: String,
}

/// Where a version came from.
#[derive(Clone, PartialEq, Eq)]
pub struct Origin {
    /// Whose it is, for people.
    pub who: String,
    /// When it was put.
    pub at: Timestamp,
}

/// The last versions, which were put or kept together.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct InUse {
    /// How many changes there were.
    pub changes: i64,
    /// `None`: there was none of this file.
    pub last: Both<Option<Version>>,
    /// Where the store has them from.
    pub origins: Both<Option<Origin>>,
}

impl RulesFile {
    /// Both.
    pub const BOTH: [RulesFile; 2] = [RulesFile::Rotation, RulesFile::Sources];

    fn word(self) -> &'static str {
        match self {
            RulesFile::Rotation => "rotation",
            RulesFile::Sources => "sources",
        }
    }
}

impl<T> Both<T> {
    /// The same asked of each.
    pub fn of(mut each: impl FnMut(RulesFile) -> T) -> Both<T> {
        Both {
            rotation: each(RulesFile::Rotation),
            sources: each(RulesFile::Sources),
        }
    }

    /// That of one.
    pub fn get(&self, file: RulesFile) -> &T {
        match file {
            RulesFile::Rotation => &self.rotation,
            RulesFile::Sources => &self.sources,
        }
    }

    /// That of one, to change.
    pub fn get_mut(&mut self, file: RulesFile) -> &mut T {
        match file {
            RulesFile::Rotation => &mut self.rotation,
            RulesFile::Sources => &mut self.sources,
        }
    }
}

impl<T: PartialEq> Both<T> {
    /// Whether one is so.
    pub fn any(&self, so: T) -> bool {
        self.rotation == so || self.sources == so
    }
}

impl Version {
    /// The version of these bytes.
    pub fn of(text: String) -> Version {
        Version {
            hash: Hash::of(&text),
            text,
        }
    }
}

impl Hash {
    /// What these bytes are known by.
    pub fn of(text: &str) -> Hash {
        let hash = Sha256::digest(text);
        Hash(hash.iter().map(|byte| format!("{byte:02x}")).collect())
    }
}

impl Store {
    /// New versions, which go together with what they leave as it is, behind `known` changes. `false`: there were others
    /// meanwhile, and nothing was written. `who` is said for people.
    pub async fn change_rules(
        &self,
        known: i64,
        new: Vec<(RulesFile, Version)>,
        who: String,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.run(None, now, async move |db| {
            change(db, known, &new, &who).await
        })
        .await
    }
}

impl Reads {
    /// The rules in use.
    pub async fn rules_in_use(&self) -> Result<InUse, StoreError> {
        self.ask(in_use).await
    }

    /// How many changes of the rules there were.
    pub async fn changes_of_rules(&self) -> Result<i64, StoreError> {
        self.ask(changes).await
    }

    /// Whether this version was ever in use.
    pub async fn were_rules(&self, file: RulesFile, hash: Hash) -> Result<bool, StoreError> {
        self.ask(async move |db| was_in_use(db, file, &hash).await)
            .await
    }
}

/// Each change has the number behind the one before, so that of two behind the same one the second meets the first.
async fn change(
    db: &mut Db<'_>,
    known: i64,
    new: &[(RulesFile, Version)],
    who: &str,
) -> Answer<bool> {
    let at = nanoseconds(db.now().await?);
    let sql = "INSERT INTO rules (number, file, hash, parent, bytes, who, at) VALUES ($1, $2, $3, \
               (SELECT hash FROM rules WHERE file = $2 AND number < $1 ORDER BY number DESC LIMIT 1), $4, $5, $6) \
               ON CONFLICT (number) DO NOTHING";
    for (number, (file, version)) in (known + 1..).zip(new) {
        let bytes = version.text.clone().into_bytes();
        let row = with![number, file.word(), version.hash.0.as_str(), bytes, who, at];
        if db.change(sql, row).await? == 0 {
            return Ok(false);
        }
    }
    Ok(true)
}

async fn in_use(db: &mut Db<'_>) -> Answer<InUse> {
    let sql = "SELECT number, file, hash, bytes, who, at FROM rules \
               WHERE number IN (SELECT max(number) FROM rules GROUP BY file)";
    let mut in_use = InUse::default();
    for row in db.ask(sql, with![]).await? {
        in_use.changes = in_use.changes.max(row.int(0)?);
        let file = match row.text(1)? {
            "rotation" => RulesFile::Rotation,
            "sources" => RulesFile::Sources,
            _ => return Err(misshapen()),
        };
        *in_use.last.get_mut(file) = Some(version(&row)?);
        *in_use.origins.get_mut(file) = Some(Origin {
            who: row.text(4)?.to_owned(),
            at: moment(row.int(5)?)?,
        });
    }
    Ok(in_use)
}

fn version(row: &Row) -> Answer<Version> {
    let bytes = row.bytes_or_null(3)?.ok_or_else(misshapen)?;
    let text = String::from_utf8(bytes.to_vec()).map_err(|_| misshapen())?;
    Ok(Version {
        hash: Hash(row.text(2)?.to_owned()),
        text,
    })
}

async fn changes(db: &mut Db<'_>) -> Answer<i64> {
    let row = db.ask_one("SELECT max(number) FROM rules", with![]).await?;
    let last = row.map(|row| row.int_or_null(0)).transpose()?.flatten();
    Ok(last.unwrap_or(0))
}

async fn was_in_use(db: &mut Db<'_>, file: RulesFile, hash: &Hash) -> Answer<bool> {
    let sql = "SELECT number FROM rules WHERE file = $1 AND hash = $2 LIMIT 1";
    let row = db.ask_one(sql, with![file.word(), hash.0.as_str()]).await?;
    Ok(row.is_some())
}
