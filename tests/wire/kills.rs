//! `kill -9` at any instant, each time with a hundred leads under way on one store file: nothing is lost, nothing is
//! doubled.

use std::cell::Cell;

use tokio::time::sleep;

use crate::crowd::{
    a_hundred_are_under_way, all_end_well, keeps_sending, kills, people_do_what_people_do,
};
use crate::daemon::Daemon;
use crate::people::ms;

/// How long a life of the daemon is at most.
const LIFE_MAX_MS: u64 = 1200;

#[tokio::test]
async fn kill_9_at_any_instant_loses_and_doubles_nothing() {
    let daemon = Daemon::start(crate::crowd::config()).await;
    people_do_what_people_do(&daemon).await;
    let (kills, over) = (kills(), Cell::new(false));
    let killed = async {
        let hit = lives_and_dies(&daemon, kills).await;
        over.set(true);
        hit
    };
    let (hit, sent) = tokio::join!(killed, keeps_sending(&daemon, &over));
    assert!(
        hit * 10 > kills * 9,
        "only {hit} of {kills} kills met a live call"
    );
    all_end_well(&daemon, &sent).await;
}

/// Killed while it works, and sometimes while it starts; how often a call was under way.
async fn lives_and_dies(daemon: &Daemon, kills: usize) -> usize {
    let mut hit = 0;
    for kill in 0..kills {
        a_hundred_are_under_way(daemon).await;
        sleep(ms(fastrand::u64(..LIFE_MAX_MS))).await;
        daemon.kill();
        let calls = daemon.network.calls();
        hit += usize::from(calls.iter().any(|call| call.end.is_none()));
        if kill % 4 == 3 {
            daemon.starts();
            sleep(ms(fastrand::u64(..120))).await;
            daemon.kill();
        }
        daemon.serve().await;
    }
    hit
}
