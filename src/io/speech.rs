//! What is said on a carrier that has no voice of its own: sentences become sound with the admin's command.
//!
//! The sentences name customers (P9): they reach the command on its standard input, where no list of processes shows
//! them; the sound stays in memory and for minutes only, under a name that nobody can guess; the log says why a voice
//! fails and never what it should have said. When it fails, a tone is heard in its place, and the keys still work.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::body::Bytes;
use hmac::{Hmac, KeyInit, Mac};
use leadbridge_providers::Language;
use moka::Expiry;
use moka::future::Cache;
use moka::policy::EvictionPolicy;
use sha2::Sha256;
use tokio::sync::Semaphore;
use tracing::{error, info};

pub(super) mod sound;
mod voice;

pub use voice::CannotSpeak;

/// How long a person on the phone waits for a sentence before the tone is heard.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long rendering may take in all; what comes after the tone is ready for the next time.
const RENDERED_WITHIN: Duration = Duration::from_secs(5);
/// Commands that run at a time.
const AT_ONCE: usize = 4;
/// Sound kept at a time; a sentence has some 50 KB.
const KEPT_BYTES: u64 = 64 << 20;
/// A sentence is forgotten so long after it was last asked for: a phone has rung out and a prompt was repeated by then.
const KEPT_FOR: Duration = Duration::from_secs(15 * 60);
/// A sentence that could not be said is not tried again for so long.
const FAILED_FOR: Duration = Duration::from_secs(5);
/// What an entry of the memory costs beside its sound.
const ENTRY_BYTES: usize = 256;
/// The name of the tone.
const TONE: &str = "tone";

/// The command that speaks each language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Voice(pub BTreeMap<Language, Vec<String>>);

/// Under which name the sound of some sentences is found: `<key>.wav`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Key(String);

impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// A voice and what it has said lately. Clones are the same one.
#[derive(Clone)]
pub struct Speech(Arc<Mouth>);

struct Mouth {
    voice: Voice,
    said: Cache<String, Sound>,
    turns: Semaphore,
    /// Names of sounds are hashes of their sentences under it; it dies with the process.
    secret: [u8; 32],
    tone: Bytes,
    /// Why the last rendering in a language failed, if it did.
    ailments: Mutex<BTreeMap<Language, CannotSpeak>>,
}

/// What became of some sentences.
#[derive(Clone)]
enum Sound {
    Spoken(Bytes),
    Failed,
}

impl Speech {
    /// A voice that has said nothing yet.
    pub fn new(voice: Voice) -> Speech {
        Speech::keeping(voice, KEPT_BYTES)
    }

    /// Says these sentences one after the other; `None` when there is nothing to say. `locale` is a script's. The answer
    /// comes within two seconds: the tone when the voice fails or is slow.
    pub async fn say(&self, locale: &str, lines: &[String]) -> Option<Key> {
        let (key, rendering) = self.begin(locale, lines)?;
        match tokio::time::timeout(PATIENCE, rendering).await {
            Ok(Ok(Sound::Spoken(_))) => Some(key),
            Ok(Ok(Sound::Failed) | Err(_)) | Err(_) => Some(Key(TONE.to_owned())),
        }
    }

    /// Renders these sentences while there is time, so that [`Speech::say`] has them at once.
    pub fn prepare(&self, locale: &str, lines: &[String]) {
        drop(self.begin(locale, lines));
    }

    /// The sound of this name, if it is still kept: a WAV file of 8 kHz, one channel, 16 bits.
    pub async fn wav(&self, key: &str) -> Option<Bytes> {
        if key == TONE {
            return Some(self.0.tone.clone());
        }
        match self.0.said.get(key).await {
            Some(Sound::Spoken(wav)) => Some(wav),
            Some(Sound::Failed) | None => None,
        }
    }

    /// Whether every language can be spoken; the first that can't tells why.
    pub async fn try_out(&self) -> Result<(), (Language, CannotSpeak)> {
        for language in self.0.voice.0.keys() {
            let lines = ["1, 2, 3".to_owned()];
            let spoken = self.0.render_in_time(*language, &lines).await;
            spoken.map_err(|why| (*language, why))?;
        }
        Ok(())
    }

    fn keeping(voice: Voice, bytes: u64) -> Speech {
        let mut secret = [0; 32];
        getrandom::fill(&mut secret).expect("the system has random bytes");
        let said = Cache::builder()
            .max_capacity(bytes)
            .weigher(|_: &String, sound: &Sound| sound.weight())
            .eviction_policy(EvictionPolicy::lru())
            .expire_after(Forgetting)
            .build();
        Speech(Arc::new(Mouth {
            voice,
            said,
            turns: Semaphore::new(AT_ONCE),
            secret,
            tone: sound::wav(&sound::tone()),
            ailments: Mutex::default(),
        }))
    }

    /// Rendering goes on when nobody waits for it any more: the next who asks has it.
    fn begin(
        &self,
        locale: &str,
        lines: &[String],
    ) -> Option<(Key, tokio::task::JoinHandle<Sound>)> {
        let language = language(locale);
        let lines: Vec<String> = lines.iter().filter_map(|line| spoken(line)).collect();
        if lines.is_empty() {
            return None;
        }
        let key = self.0.key(language, &lines);
        let (mouth, name) = (self.0.clone(), key.0.clone());
        let rendering = tokio::spawn(async move {
            let rendered = mouth.render(language, &lines);
            mouth.said.get_with(name, rendered).await
        });
        Some((key, rendering))
    }
}

impl Mouth {
    fn key(&self, language: Language, lines: &[String]) -> Key {
        let mut hash = Hmac::<Sha256>::new_from_slice(&self.secret).expect("any length will do");
        hash.update(&[language as u8]);
        for line in lines {
            hash.update(line.as_bytes());
            hash.update(b"\n");
        }
        let hash = hash.finalize().into_bytes();
        Key(hash.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// A voice that is well but slower than a person waits is a voice that fails.
    async fn render(&self, language: Language, lines: &[String]) -> Sound {
        let begun = Instant::now();
        let rendered = self.render_in_time(language, lines).await;
        let why = match &rendered {
            Ok(_) if begun.elapsed() < PATIENCE => None,
            Ok(_) => Some(CannotSpeak::Slow),
            Err(why) => Some(*why),
        };
        self.note(language, why);
        rendered.map_or(Sound::Failed, Sound::Spoken)
    }

    async fn render_in_time(
        &self,
        language: Language,
        lines: &[String],
    ) -> Result<Bytes, CannotSpeak> {
        let rendered = self.render_lines(language, lines);
        let in_time = tokio::time::timeout(RENDERED_WITHIN, rendered).await;
        in_time.unwrap_or(Err(CannotSpeak::Slow))
    }

    async fn render_lines(
        &self,
        language: Language,
        lines: &[String],
    ) -> Result<Bytes, CannotSpeak> {
        let _turn = self.turns.acquire().await.expect("it is never closed");
        let command = self.voice.0.get(&language).ok_or(CannotSpeak::NoCommand)?;
        let mut samples = Vec::new();
        for line in lines {
            if !samples.is_empty() {
                samples.extend(sound::pause());
            }
            samples.extend(voice::render(command, line).await?);
        }
        Ok(sound::wav(&samples))
    }

    /// One line in the log per change, not per sentence.
    fn note(&self, language: Language, why: Option<CannotSpeak>) {
        let mut ailments = self
            .ailments
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        let before = match why {
            Some(why) => ailments.insert(language, why),
            None => ailments.remove(&language),
        };
        if before == why {
            return;
        }
        match why {
            Some(why) => error!(
                ?language,
                %why,
                "the voice fails; a tone is heard in its place, and the keys still work"
            ),
            None => info!(?language, "the voice speaks again"),
        }
    }
}

impl Sound {
    fn weight(&self) -> u32 {
        let bytes = match self {
            Sound::Spoken(wav) => wav.len(),
            Sound::Failed => 0,
        };
        u32::try_from(bytes + ENTRY_BYTES).unwrap_or(u32::MAX)
    }

    fn kept_for(&self) -> Duration {
        match self {
            Sound::Spoken(_) => KEPT_FOR,
            Sound::Failed => FAILED_FOR,
        }
    }
}

/// What is asked for is kept, what failed is tried again.
struct Forgetting;

impl Expiry<String, Sound> for Forgetting {
    fn expire_after_create(&self, _: &String, sound: &Sound, _: Instant) -> Option<Duration> {
        Some(sound.kept_for())
    }

    fn expire_after_read(
        &self,
        _: &String,
        sound: &Sound,
        _: Instant,
        left: Option<Duration>,
        _: Instant,
    ) -> Option<Duration> {
        match sound {
            Sound::Spoken(_) => Some(sound.kept_for()),
            Sound::Failed => left,
        }
    }
}

/// The language of `nl-BE`.
fn language(locale: &str) -> Language {
    match locale.split('-').next() {
        Some("nl") => Language::Nl,
        Some("fr") => Language::Fr,
        Some("de") => Language::De,
        Some(_) | None => Language::En,
    }
}

/// One line without what isn't spoken; `None` when nothing is left.
fn spoken(line: &str) -> Option<String> {
    let words = |c: char| c.is_whitespace() || c.is_control();
    let plain = line.split(words).filter(|word| !word.is_empty());
    let plain = plain.collect::<Vec<_>>().join(" ");
    plain.contains(char::is_alphanumeric).then_some(plain)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// A second of sound, different for every sentence by its length only.
    fn speaker() -> Voice {
        let script = "cat >/dev/null; printf 'RIFF\\144\\037\\0\\0WAVEfmt \\020\\0\\0\\0\\001\\0\\001\\0\\100\\037\\0\\0\\100\\037\\0\\0\\001\\0\\010\\0data\\100\\037\\0\\0'; head -c 8000 /dev/urandom";
        let command = ["sh", "-c", script].map(str::to_owned).to_vec();
        Voice([(Language::En, command)].into())
    }

    #[tokio::test]
    async fn the_oldest_sound_goes_when_there_is_too_much() {
        let speech = Speech::keeping(speaker(), 100_000);
        let mut keys = Vec::new();
        for number in 0..12 {
            let key = speech.say("en-GB", &[format!("{number}")]).await.unwrap();
            assert!(speech.wav(&key.0).await.is_some(), "the newest is there");
            keys.push(key);
        }
        speech.0.said.run_pending_tasks().await;
        assert!(speech.0.said.weighted_size() <= 100_000);
        assert!(
            speech.0.said.entry_count() >= 5,
            "and no more is thrown away than must be"
        );
        assert!(speech.wav(&keys[0].0).await.is_none());
        assert!(speech.wav(&keys[11].0).await.is_some());
    }

    #[tokio::test]
    async fn another_process_has_other_names_for_the_same_sentence() {
        let lines = ["Jan Peeters".to_owned()];
        let [one, other] = [0, 1].map(|_| Speech::new(speaker()).0.key(Language::En, &lines));
        assert_ne!(one, other);
        let speech = Speech::new(speaker());
        assert_ne!(
            speech.0.key(Language::En, &lines),
            speech.0.key(Language::Nl, &lines)
        );
        assert_eq!(speech.0.key(Language::En, &lines).0.len(), 64);
    }

    #[test]
    fn what_is_not_spoken_does_not_reach_the_voice() {
        assert_eq!(
            spoken(" Jan\n\u{7}Peeters "),
            Some("Jan Peeters".to_owned())
        );
        assert_eq!(spoken(" .. \u{0}"), None);
    }
}
