//! Three nodes with a hundred leads under way. At any instant one of them is killed and started again, or stopped for
//! longer than its lease and let go on: nothing is lost, nothing is doubled.

use std::cell::Cell;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::crowd::{
    a_hundred_are_under_way, all_end_well, config, keeps_sending, kills, people_do_what_people_do,
};
use crate::daemon::Daemon;
use crate::house::{House, Plan, database};
use crate::people::ms;

const NODES: usize = 3;
/// How long it is at most until the next is killed.
const LIFE_MAX_MS: u64 = 1000;
/// A stopped node is so for longer than its lease of three seconds, and at most so much longer.
const STOPPED_FOR: Duration = Duration::from_millis(3200);
const STOPPED_LONGER_MAX_MS: u64 = 1500;

#[tokio::test]
async fn nodes_killed_and_stopped_at_any_instant_lose_and_double_nothing() {
    let mut config = config();
    config.store = Some(database().await);
    let house = Plan::of(NODES, &config).await.opens().await;
    people_do_what_people_do(&house.front).await;
    let trouble = Trouble::of(&house, kills());
    let over = Cell::new(false);
    let makes_trouble = async {
        tokio::join!(trouble.kills(), trouble.stops());
        over.set(true);
    };
    let began = Instant::now();
    let ((), sent) = tokio::join!(makes_trouble, keeps_sending(&house.front, &over));
    let (hit, stopped) = (trouble.hit.get(), trouble.stopped.get());
    eprintln!(
        "{} leads, {} instants in {:?}, of which {stopped} were stops; {hit} met a live call",
        sent.len(),
        kills(),
        began.elapsed()
    );
    assert!(hit * 10 > kills() * 9, "only {hit} met a live call");
    assert!(stopped * 20 > kills(), "only {stopped} were stops");
    all_end_well(&house.front, &sent).await;
}

/// One node is killed and one stopped at a time, so that one is left.
struct Trouble<'h> {
    house: &'h House,
    /// How many instants are still to come.
    left: Cell<usize>,
    /// Who is killed now, and who is stopped.
    away: [Cell<Option<usize>>; 2],
    /// How often a call was under way.
    hit: Cell<usize>,
    stopped: Cell<usize>,
}

impl<'h> Trouble<'h> {
    fn of(house: &'h House, instants: usize) -> Self {
        Self {
            house,
            left: Cell::new(instants),
            away: Default::default(),
            hit: Cell::default(),
            stopped: Cell::default(),
        }
    }

    /// Killed while they work, and sometimes while they start.
    async fn kills(&self) {
        while self.is_another_to_come() {
            a_hundred_are_under_way(&self.house.front).await;
            sleep(ms(fastrand::u64(..LIFE_MAX_MS))).await;
            let node = self.takes(0);
            node.kill();
            self.counts();
            if fastrand::u8(..4) == 0 {
                node.starts();
                sleep(ms(fastrand::u64(..120))).await;
                node.kill();
            }
            node.serve().await;
            self.away[0].set(None);
        }
    }

    async fn stops(&self) {
        while self.is_another_to_come() {
            a_hundred_are_under_way(&self.house.front).await;
            let node = self.takes(1);
            node.signal("STOP");
            self.counts();
            self.stopped.set(self.stopped.get() + 1);
            sleep(STOPPED_FOR + ms(fastrand::u64(..STOPPED_LONGER_MAX_MS))).await;
            node.signal("CONT");
            self.away[1].set(None);
            sleep(ms(fastrand::u64(..LIFE_MAX_MS))).await;
        }
    }

    fn is_another_to_come(&self) -> bool {
        let left = self.left.get();
        self.left.set(left.saturating_sub(1));
        left > 0
    }

    /// One that nothing is done to now.
    fn takes(&self, which: usize) -> &'h Daemon {
        let other = self.away[1 - which].get();
        let free: Vec<_> = (0..NODES).filter(|node| Some(*node) != other).collect();
        let node = free[fastrand::usize(..free.len())];
        self.away[which].set(Some(node));
        &self.house.nodes[node]
    }

    fn counts(&self) {
        let calls = self.house.front.network.calls();
        let is_hit = calls.iter().any(|call| call.end.is_none());
        self.hit.set(self.hit.get() + usize::from(is_hit));
    }
}
