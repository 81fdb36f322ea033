//! The rotation and the sources are edited at one node and hold at all of them; of two edits at the same time one wins.

use std::fs;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use leadbridge::io::store::{Both, Hash, RulesFile, Store, Version};
use tokio::task::JoinSet;

use crate::config::{AN, BART, CHLOE, Config, rotation, source};
use crate::daemon::{Daemon, until};
use crate::house::{House, Plan, database, is_ready};
use crate::people::{accepts, ms, talks};
use crate::sender::{customer, lead};
use crate::server::Server;

const NODES: usize = 3;
const ROTATION: &str = "rotation.toml";
const SOURCES: &str = "sources.toml";

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_at_one_node_is_in_force_and_in_the_file_at_all() {
    let town = Town::with_an().await;
    let [first, ..] = town.nodes();
    first.write(ROTATION, &rings("bart"));
    town.all_have(ROTATION, &rings("bart")).await;
    for (count, node) in town.nodes().into_iter().enumerate() {
        town.is_rung_by(node, BART, count).await;
        assert_eq!(kept_aside(node), [] as [PathBuf; 0]);
    }
    let history = "select file, parent is null, convert_from(bytes, 'UTF8') = $$NEW$$, \
                   encode(sha256(bytes), 'hex') = hash, who like '%:/%', at > 0 from rules order by number desc limit 1"
        .replace("NEW", &rings("bart"));
    assert_eq!(town.asked(&history), "rotation|f|t|t|t|t");
    let parents = "select count(*) from rules new join rules old on old.hash = new.parent \
                   and old.number < new.number and old.file = new.file";
    assert_eq!(town.asked(parents), "1");
    assert_eq!(town.asked("select count(*) from rules"), "3");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_edits_at_the_same_time_one_wins_and_the_other_is_kept_and_told() {
    let town = Town::with_an().await;
    let [first, second, third] = town.nodes();
    first.write(ROTATION, &rings("bart"));
    second.write(ROTATION, &rings("chloe"));
    until("all have the same", || async {
        let text = third.text(ROTATION);
        text != rings("an")
            && [first, second]
                .iter()
                .all(|node| node.text(ROTATION) == text)
    })
    .await;
    let (loser, lost, won) = match third.text(ROTATION) == rings("bart") {
        true => (second, "chloe", BART),
        false => (first, "bart", CHLOE),
    };
    for node in town.nodes() {
        let kept = kept_aside(node);
        if std::ptr::eq(node, loser) {
            assert_eq!(kept, [node.path("rotation.toml.mine")]);
            assert_eq!(fs::read_to_string(&kept[0]).unwrap(), rings(lost));
            until("it says so", || async {
                errors(node)
                    .iter()
                    .any(|line| line.contains("rotation.toml.mine"))
            })
            .await;
        } else {
            assert_eq!((kept, errors(node)), (vec![], vec![]));
        }
    }
    assert_eq!(town.versions(), 3);
    for (count, node) in town.nodes().into_iter().enumerate() {
        town.is_rung_by(node, won, count).await;
    }
    loser.write(ROTATION, &rings(lost));
    town.all_have(ROTATION, &rings(lost)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_that_replaces_another_node_s_is_told_and_that_one_is_kept() {
    let town = Town::with_an().await;
    let [first, second, third] = town.nodes();
    let theirs = || second.text("data/rotation.toml.theirs");
    first.write(ROTATION, &rings("bart"));
    town.all_have(ROTATION, &rings("bart")).await;
    assert_eq!(theirs(), "", "who takes an edit replaces nobody's");
    second.write(ROTATION, &rings("chloe"));
    town.all_have(ROTATION, &rings("chloe")).await;
    until("it is told", || async { !replacements(second).is_empty() }).await;
    assert_eq!(theirs(), rings("bart"));
    let told = &replacements(second)[0];
    let whose = format!(":{}", first.folder.path().display());
    assert!(told.contains("WARN") && told.contains(&whose), "{told}");
    assert!(told.contains("data/rotation.toml.theirs"), "{told}");
    second.write(ROTATION, &rings("an"));
    town.all_have(ROTATION, &rings("an")).await;
    assert_eq!(theirs(), rings("bart"), "the second edit replaced its own");
    let told = [second, third].map(|node| replacements(node).len());
    assert_eq!(told, [1, 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn edits_of_both_files_at_two_nodes_go_together() {
    let town = Town::with_an().await;
    let [first, second, _] = town.nodes();
    let sources = second.text(SOURCES) + &source("portal2", "adf", "gent");
    first.write(ROTATION, &rings("bart"));
    second.write(SOURCES, &sources);
    town.all_have(ROTATION, &rings("bart")).await;
    town.all_have(SOURCES, &sources).await;
    for node in town.nodes() {
        assert_eq!((kept_aside(node), errors(node)), (vec![], vec![]));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_was_away_takes_what_the_others_have_and_keeps_its_own_edit_aside() {
    let town = Town::with_an().await;
    let [first, _, third] = town.nodes();
    third.kill();
    first.write(ROTATION, &rings("bart"));
    until("it is written down", || async { town.versions() == 3 }).await;
    comes_back(third).await;
    town.all_have(ROTATION, &rings("bart")).await;
    assert_eq!((kept_aside(third), errors(third)), (vec![], vec![]));
    town.is_rung_by(third, BART, 0).await;

    third.kill();
    third.write(ROTATION, &rings("an"));
    comes_back(third).await;
    town.all_have(ROTATION, &rings("an")).await;
    assert_eq!(
        kept_aside(third),
        [] as [PathBuf; 0],
        "nobody else had edited"
    );

    third.kill();
    first.write(ROTATION, &rings("bart"));
    third.write(ROTATION, &rings("chloe"));
    until("it is written down", || async { town.versions() == 5 }).await;
    comes_back(third).await;
    town.all_have(ROTATION, &rings("bart")).await;
    let kept = third.path("rotation.toml.mine");
    assert_eq!(fs::read_to_string(kept).unwrap(), rings("chloe"));
    assert!(errors(third)[0].contains("rotation.toml.mine"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_edit_changes_nothing_anywhere() {
    let town = Town::with_an().await;
    let [first, second, third] = town.nodes();
    let broken = rings("an").replace("ring_s = 3", "ring_s = \"soon\"");
    first.write(ROTATION, &broken);
    until("it is told", || async {
        first.log().contains("ring_s = \"soon\"") && !errors(first).is_empty()
    })
    .await;
    first.kill();
    comes_back(first).await;
    for (count, node) in town.nodes().into_iter().enumerate() {
        town.is_rung_by(node, AN, count).await;
    }
    assert_eq!(town.versions(), 2);
    assert_eq!(
        (second.text(ROTATION), third.text(ROTATION)),
        (rings("an"), rings("an"))
    );
    assert_eq!(
        first.text(ROTATION),
        broken,
        "who wrote it may go on writing"
    );
    first.write(ROTATION, &rings("bart"));
    town.all_have(ROTATION, &rings("bart")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_without_a_secret_stays_with_the_rules_before_until_it_has_it() {
    let town = Town::with_an().await;
    let [first, second, _] = town.nodes();
    let new =
        source("new", "json", "gent").replace("env = \"WEBSITE_SECRET\"", "file = \"secret\"");
    let sources = first.text(SOURCES) + &new;
    fs::write(first.path("secret"), "of-the-new-source").unwrap();
    first.write(SOURCES, &sources);
    town.all_have(SOURCES, &sources).await;
    until("it is told", || async {
        let log = second.log();
        log.contains("the secret's file cannot be read") && log.contains("stays in force")
    })
    .await;
    town.is_rung_by(second, AN, 0).await;
    fs::write(second.path("secret"), "of-the-new-source").unwrap();
    let before = second.log().matches("were read anew").count();
    second.signal("HUP");
    until("it is in force", || async {
        second.log().matches("were read anew").count() > before
    })
    .await;
    assert_eq!(kept_aside(second), [] as [PathBuf; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_file_cannot_be_written_the_rules_hold_all_the_same() {
    let town = Town::with_an().await;
    let [first, second, third] = town.nodes();
    for name in ["rotation.toml.new", "rotation.toml.mine.new"] {
        fs::create_dir(second.path(name)).unwrap();
    }
    first.write(ROTATION, &rings("bart"));
    let copy = || second.text("data/rotation.toml.theirs");
    until("there is a copy", || async { copy() == rings("bart") }).await;
    until("it is told", || async {
        second.log().contains("data/rotation.toml.theirs")
    })
    .await;
    assert_eq!(second.text(ROTATION), rings("an"));
    town.is_rung_by(second, BART, 0).await;
    second.write(ROTATION, &rings("chloe"));
    until("it is told", || async {
        errors(second)
            .iter()
            .any(|line| line.contains("was edited here"))
    })
    .await;
    assert_eq!(
        (second.text(ROTATION), third.text(ROTATION)),
        (rings("chloe"), rings("bart"))
    );
    second.write(ROTATION, &copy());
    let read = second.log().matches("were read anew").count();
    until("it is seen", || async {
        second.log().matches("were read anew").count() > read
    })
    .await;
    second.write(ROTATION, &rings("chloe"));
    until("the others have it", || async {
        [first, third]
            .iter()
            .all(|node| node.text(ROTATION) == rings("chloe"))
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_node_without_files_gets_those_of_the_others() {
    let town = Town::with_an().await;
    let [.., third] = town.nodes();
    third.kill();
    fs::remove_dir_all(third.path("data")).unwrap();
    for name in [ROTATION, SOURCES] {
        fs::remove_file(third.path(name)).unwrap();
    }
    comes_back(third).await;
    town.all_have(ROTATION, &rings("an")).await;
    town.all_have(SOURCES, &town.nodes()[0].text(SOURCES)).await;
    town.is_rung_by(third, AN, 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_changes_behind_the_same_one_both_stores_take_one() {
    let folder = tempfile::tempdir().unwrap();
    one_is_taken(&Store::open(&folder.path().join("leads.db"), |_| ()).unwrap()).await;
    one_is_taken(&Store::connect(&database().await, |_| ()).await.unwrap()).await;
}

async fn one_is_taken(store: &Store) {
    let reads = store.reads();
    assert_eq!(reads.changes_of_rules().await.unwrap(), 0);
    for round in 0..3 {
        let known = reads.rules_in_use().await.unwrap();
        let mut changes = JoinSet::new();
        for count in 0..8 {
            let (store, known) = (store.clone(), known.changes);
            let new = version(&format!("rotation {round} {count}"));
            changes.spawn(async move {
                let both = vec![
                    (RulesFile::Rotation, new.clone()),
                    (
                        RulesFile::Sources,
                        version(&format!("sources of {}", new.text)),
                    ),
                ];
                let who = "somebody".to_owned();
                let taken = store.change_rules(known, both, who, Timestamp::UNIX_EPOCH);
                taken.await.unwrap().then_some(new)
            });
        }
        let taken: Vec<Version> = changes.join_all().await.into_iter().flatten().collect();
        assert_eq!(taken.len(), 1);
        let now = reads.rules_in_use().await.unwrap();
        let Both { rotation, sources } = now.last;
        assert!(rotation.as_ref() == Some(&taken[0]));
        assert_eq!(
            sources.unwrap().text,
            format!("sources of {}", taken[0].text)
        );
        assert_eq!(now.changes, known.changes + 2);
        assert_eq!(reads.changes_of_rules().await.unwrap(), now.changes);
        for past in known.last.rotation.into_iter().chain(rotation) {
            let of = |file| reads.were_rules(file, past.hash.clone());
            assert!(of(RulesFile::Rotation).await.unwrap());
            assert!(!of(RulesFile::Sources).await.unwrap());
        }
        let never = reads.were_rules(RulesFile::Rotation, Hash::of("never"));
        assert!(!never.await.unwrap());
    }
}

fn version(text: &str) -> Version {
    Version::of(text.to_owned())
}

/// Nodes whose first rotation rings An, and their database.
struct Town {
    house: House,
    database: String,
}

impl Town {
    async fn with_an() -> Self {
        let mut config = Config::with_rotation(rings("an"));
        let database = database().await;
        config.store = Some(database.clone());
        let house = Plan::of(NODES, &config).await.opens().await;
        for number in [AN, BART, CHLOE] {
            house.front.on_phone(number, accepts());
        }
        Self { house, database }
    }

    fn nodes(&self) -> [&Daemon; NODES] {
        [0, 1, 2].map(|count| &self.house.nodes[count])
    }

    async fn all_have(&self, name: &str, text: &str) {
        until("all have it", || async {
            self.nodes().iter().all(|node| node.text(name) == text)
        })
        .await;
    }

    /// A lead that comes in at this node rings this phone.
    async fn is_rung_by(&self, node: &Daemon, number: &str, count: usize) {
        let front = &self.house.front;
        front.on_phone(&customer(count), talks(ms(100)));
        let before = front.calls_to(number).len();
        let id = node.sends(&lead(&customer(count))).await;
        front.ends(&id, "connected").await;
        assert_eq!(front.calls_to(number).len(), before + 1);
    }

    fn versions(&self) -> usize {
        self.asked("select count(*) from rules").parse().unwrap()
    }

    fn asked(&self, question: &str) -> String {
        tokio::task::block_in_place(|| Server::shared().ask(&self.database, question))
    }
}

impl Daemon {
    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_default()
    }
}

/// A rotation that rings this rep, and nobody else.
fn rings(rep: &str) -> String {
    rotation(rep, &[rep], "24/7", "")
}

async fn comes_back(node: &Daemon) {
    node.serve().await;
    is_ready(node).await;
}

fn kept_aside(node: &Daemon) -> Vec<PathBuf> {
    let entries = fs::read_dir(node.folder.path()).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    let is_aside = |path: &PathBuf| path.is_file() && name(path).contains(".mine");
    paths.filter(is_aside).collect()
}

fn name(path: &Path) -> &str {
    path.file_name().unwrap().to_str().unwrap()
}

fn errors(node: &Daemon) -> Vec<String> {
    lines(node, "ERROR")
}

fn replacements(node: &Daemon) -> Vec<String> {
    lines(node, "replaces what was edited at")
}

fn lines(node: &Daemon, with: &str) -> Vec<String> {
    let log = node.log();
    let lines = log.lines().filter(|line| line.contains(with));
    lines.map(ToOwned::to_owned).collect()
}
