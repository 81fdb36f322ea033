//! A person saves a file while another node's edit comes in. The test itself makes the looks of its node, each at the
//! instant in question.

use std::fs::{self, File};
use std::io::Write;
use std::path::PathBuf;

use jiff::Timestamp;
use leadbridge::io::config::{self, Environment};
use leadbridge::io::rules::Rulebook;
use leadbridge::io::store::{RulesFile, Store, Version};
use tempfile::TempDir;
use tokio_postgres::{Client, NoTls};

use crate::config::{Config, SECRETS, rotation};
use crate::daemon::until;
use crate::house::database;

#[tokio::test]
async fn an_earlier_version_that_somebody_put_back_is_kept_when_another_edit_was_first() {
    let mut node = Node::with_an().await;
    node.another_puts(&rings("bart")).await;
    node.looks().await;
    assert_eq!((node.rotation(), node.mine()), (rings("bart"), None));
    node.another_puts(&rings("chloe")).await;
    fs::write(node.path("rotation.toml"), rings("an")).unwrap();
    node.looks().await;
    assert_eq!(node.rotation(), rings("chloe"));
    assert_eq!(node.mine(), Some(rings("an")));
}

#[tokio::test]
async fn a_file_that_is_being_written_is_left_alone_until_it_is_whole() {
    let mut node = Node::with_an().await;
    node.another_puts(&rings("bart")).await;
    let (path, rules) = (node.path("rotation.toml"), node.rules_held_up().await);
    let saves = async {
        until("it has read the file, and asks the store", || {
            rules.are_asked_for()
        })
        .await;
        let emptied = File::create(&path).unwrap();
        rules.go_on().await;
        emptied
    };
    let (agreed, mut saved) = tokio::join!(node.rulebook.agree(Timestamp::UNIX_EPOCH), saves);
    agreed.unwrap();
    assert_eq!((node.rotation(), node.mine()), (String::new(), None));
    assert!(node.rulebook.has_news().await, "it looks again");
    saved.write_all(rings("chloe").as_bytes()).unwrap();
    node.looks().await;
    assert_eq!(node.rotation(), rings("bart"));
    assert_eq!(node.mine(), Some(rings("chloe")));
}

/// The table of the rules, which somebody else keeps to himself.
struct Held(Client);

impl Held {
    async fn are_asked_for(&self) -> bool {
        let asked = "SELECT 1 FROM pg_locks WHERE relation = 'rules'::regclass AND NOT granted";
        !self.0.query(asked, &[]).await.unwrap().is_empty()
    }

    async fn go_on(&self) {
        self.0.batch_execute("ROLLBACK").await.unwrap();
    }
}

/// A node's files, and what looks after them.
struct Node {
    folder: TempDir,
    database: String,
    store: Store,
    rulebook: Rulebook,
}

impl Node {
    /// Its first rotation, which it put, rings An.
    async fn with_an() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut config = Config::with_rotation(rings("an"));
        let database = database().await;
        config.store = Some(database.clone());
        config.write(folder.path(), 1, "http://127.0.0.1:1");
        let env: Environment = SECRETS.into_iter().collect();
        let path = folder.path().join("leadbridge.toml");
        let settings = config::load_settings(&path, &env).unwrap().value;
        let store = Store::connect(&database, |_| ()).await.unwrap();
        let rulebook = Rulebook::new(store.clone(), settings, env);
        let mut node = Self {
            folder,
            database,
            store,
            rulebook,
        };
        node.looks().await;
        node
    }

    async fn looks(&mut self) {
        let agreed = self.rulebook.agree(Timestamp::UNIX_EPOCH).await.unwrap();
        assert!(agreed.both.is_ok() && agreed.mistakes.is_empty());
    }

    async fn another_puts(&self, text: &str) {
        let known = self.store.reads().changes_of_rules().await.unwrap();
        let new = vec![(RulesFile::Rotation, Version::of(text.to_owned()))];
        let who = "elsewhere".to_owned();
        let put = self
            .store
            .change_rules(known, new, who, Timestamp::UNIX_EPOCH);
        assert!(put.await.unwrap());
    }

    async fn rules_held_up(&self) -> Held {
        let connected = tokio_postgres::connect(&self.database, NoTls).await;
        let (client, connection) = connected.unwrap();
        tokio::spawn(connection);
        let lock = "BEGIN; LOCK TABLE rules";
        client.batch_execute(lock).await.unwrap();
        Held(client)
    }

    fn rotation(&self) -> String {
        fs::read_to_string(self.path("rotation.toml")).unwrap()
    }

    /// What is kept beside it.
    fn mine(&self) -> Option<String> {
        fs::read_to_string(self.path("rotation.toml.mine")).ok()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

/// A rotation that rings this rep, and nobody else.
fn rings(rep: &str) -> String {
    rotation(rep, &[rep], "24/7", "")
}
