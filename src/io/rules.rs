//! The rules in force are the store's last ones; `rotation.toml` and `sources.toml` are where people edit them. An edit
//! that is right goes into the store, and from there to all nodes and into their files. Of two edits at the same time the
//! first wins, and the other is kept beside its file. A daemon that is alone on its store has only its own files: they are
//! in force, and the store keeps what they were.

use jiff::Timestamp;
use tracing::{error, warn};

use super::config::{self, Checked, Environment, NoText, Report, Settings};
use super::store::{Both, InUse, RulesFile, Store, StoreError, Version};
use crate::rotation::Rules;
use crate::source::Sources;

mod files;
mod step;

use files::{Files, Found};
use step::{Seen, Step};

/// So often another may be quicker before it is left to the next look.
const TRIES: usize = 5;

/// What a daemon needs to find its rules.
#[derive(Clone)]
pub struct Rulebook {
    store: Store,
    settings: Settings,
    env: Environment,
    files: Files,
    /// How many changes the store had when all was settled; `None`: something is left to do.
    settled: Option<i64>,
}

/// Rules and sources that go together.
pub type Pair = Checked<(Rules, Sources)>;

/// What is found.
pub struct Agreed {
    /// The rules and sources that are in force now, or why those before stay.
    pub both: Result<Pair, Vec<Report>>,
    /// What is wrong with an edit while the store's rules are in force.
    pub mistakes: Vec<Report>,
}

impl Agreed {
    fn wholly(both: Result<Pair, Vec<Report>>) -> Agreed {
        Agreed {
            both,
            mistakes: Vec::new(),
        }
    }
}

impl Rulebook {
    /// The rules of this store and of the files that the settings name.
    pub fn new(store: Store, settings: Settings, env: Environment) -> Rulebook {
        let files = Files::of(&settings, store.is_shared());
        Rulebook {
            store,
            settings,
            env,
            files,
            settled: None,
        }
    }

    /// The settings that say where the files are.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Whether there may be something to do although no file changed.
    pub fn must_look(&self) -> bool {
        self.store.is_shared() || self.settled.is_none()
    }

    /// Whether there is.
    pub async fn has_news(&self) -> bool {
        let Some(settled) = self.settled else {
            return true;
        };
        let changes = self.store.reads().changes_of_rules().await;
        changes.is_ok_and(|changes| changes != settled)
    }

    /// What store and files say now; each gets what the other has newer.
    pub async fn agree(&mut self, now: Timestamp) -> Result<Agreed, StoreError> {
        self.settled = None;
        for _ in 0..TRIES {
            match self.compare(now).await {
                Ok(Some(agreed)) => return Ok(agreed),
                Ok(None) => {}
                Err(error) if !self.store.is_shared() => return Ok(self.alone(&error)),
                Err(error) => return Err(error),
            }
        }
        Err(StoreError::Conflict)
    }

    /// The files of a daemon that is alone are in force, whatever its store says.
    fn alone(&self, error: &StoreError) -> Agreed {
        warn!(%error, "the rules are in force and can't be kept in the store yet");
        Agreed::wholly(self.read(Both::of(|file| self.files.find(file).text())))
    }

    /// `None`: another node put something meanwhile, and all is to be compared anew.
    async fn compare(&mut self, now: Timestamp) -> Result<Option<Agreed>, StoreError> {
        let found = Both::of(|file| self.files.find(file));
        let mut in_use = self.store.reads().rules_in_use().await?;
        let steps = self.steps(&found, &in_use).await?;
        let both = self.read(Both::of(|file| match in_use.last.get(file) {
            Some(last) if *steps.get(file) != Step::Offer => Ok(last.text.clone()),
            Some(_) | None => found.get(file).text(),
        }));
        let agreed = match both {
            Err(mistakes) if steps.any(Step::Offer) => self.without_edits(mistakes, &in_use),
            both => {
                if !self.put(&mut in_use, offered(&found, &steps), now).await? {
                    return Ok(None);
                }
                Agreed::wholly(both)
            }
        };
        // Whoever saves a file at this moment may still be writing: that is seen with the next look.
        let is_settled = self.files.settle(&found, &steps, &in_use);
        self.settled = is_settled.then_some(in_use.changes);
        Ok(Some(agreed))
    }

    /// What is to be done about each file.
    async fn steps(&self, found: &Both<Found>, in_use: &InUse) -> Result<Both<Step>, StoreError> {
        Ok(Both {
            rotation: self.step(RulesFile::Rotation, found, in_use).await?,
            sources: self.step(RulesFile::Sources, found, in_use).await?,
        })
    }

    async fn step(
        &self,
        file: RulesFile,
        found: &Both<Found>,
        in_use: &InUse,
    ) -> Result<Step, StoreError> {
        let last = in_use.last.get(file).as_ref().map(|last| &last.hash);
        let base = match self.store.is_shared() {
            true => self.files.base(file),
            false => last.cloned(),
        };
        let found = found.get(file);
        let was_in_use = match found {
            Found::Text(version) if Some(&version.hash) != last => {
                let reads = self.store.reads();
                reads.were_rules(file, version.hash.clone()).await?
            }
            Found::Text(_) | Found::Missing | Found::Unreadable(_) => false,
        };
        Ok(Step::after(&Seen {
            base: base.as_ref(),
            last,
            found,
            was_in_use,
        }))
    }

    /// A broken edit changes nothing: what the other nodes have stays in force here too.
    fn without_edits(&self, mistakes: Vec<Report>, in_use: &InUse) -> Agreed {
        let last = (&in_use.last.rotation, &in_use.last.sources);
        let (true, (Some(rotation), Some(sources))) = (self.store.is_shared(), last) else {
            return Agreed::wholly(Err(mistakes));
        };
        error!("the files have mistakes; what is in force at the other nodes stays in force");
        let texts = Both {
            rotation: Ok(rotation.text.clone()),
            sources: Ok(sources.text.clone()),
        };
        Agreed {
            both: self.read(texts),
            mistakes,
        }
    }

    /// `false`: another node was quicker.
    async fn put(
        &self,
        in_use: &mut InUse,
        new: Vec<(RulesFile, Version)>,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        if new.is_empty() {
            return Ok(true);
        }
        let (known, whose) = (in_use.changes, self.files.whose());
        let put = self.store.change_rules(known, new.clone(), whose, now);
        if !put.await? {
            return Ok(false);
        }
        for (file, version) in new {
            in_use.changes += 1;
            let before = in_use.last.get_mut(file).replace(version);
            let origin = in_use.origins.get_mut(file).take();
            if let Some((before, origin)) = before.zip(origin) {
                self.files.keep_theirs(file, &before, &origin);
            }
        }
        Ok(true)
    }

    fn read(&self, texts: Both<Result<String, NoText>>) -> Result<Pair, Vec<Report>> {
        let texts = [texts.rotation, texts.sources];
        config::read_both(&self.settings, texts, self.store.hash_key(), &self.env)
    }
}

fn offered(found: &Both<Found>, steps: &Both<Step>) -> Vec<(RulesFile, Version)> {
    let edit = |file: RulesFile| match found.get(file) {
        Found::Text(version) if *steps.get(file) == Step::Offer => Some((file, version.clone())),
        Found::Text(_) | Found::Missing | Found::Unreadable(_) => None,
    };
    RulesFile::BOTH.into_iter().filter_map(edit).collect()
}
