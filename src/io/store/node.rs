//! The processes that may act, each until its lease ends. What a process has in hand (items of the outbox, messages
//! that leave) carries its number; when its lease is over another takes all of it over, and whatever the old one still
//! does to it meets no row. SQLite has one process, whose lease never ends; what the one before left is taken over at
//! the start.
//!
//! A lease counts by the database's clock there and by the boot-time clock here, which goes on while the machine
//! sleeps; here it ends earlier than there.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use jiff::SignedDuration;
use leadbridge_providers::LeadId;
use rustix::time::{ClockId, clock_gettime};

use super::db::{Db, with};
use super::error::Answer;
use super::rows::{moment, nanoseconds};
use super::{Item, Message, NodeId, OutboxId, messages, questions};

/// How long a lease lasts when it is given or renewed.
pub const LEASE: Duration = Duration::from_secs(3);
/// How often it is renewed.
pub const RENEW_EVERY: Duration = Duration::from_secs(1);
/// So much earlier it ends here, for clocks that do not run alike.
const MARGIN: Duration = Duration::from_millis(200);

/// One process under one number, which is never given twice, and neither is a name that it gives.
#[derive(Debug)]
pub(super) struct Node {
    id: i64,
    names: AtomicU32,
}

/// The number that this process has now, and until when.
#[derive(Debug)]
pub(super) struct Lease(ArcSwap<Held>);

#[derive(Debug)]
struct Held {
    node: Arc<Node>,
    until: Option<Duration>,
}

/// What a process left behind that is no more: this one's now.
pub struct Inheritance {
    /// What had not left, or was not answered, the oldest first.
    pub items: Vec<Item>,
    /// Messages that had not left for sure.
    pub messages: Vec<Message>,
    /// Flows with a leg that may be up.
    pub flows: Vec<LeadId>,
    /// Whose it was; to be told to [`super::Store::settled`].
    pub of: Vec<NodeId>,
}

impl Node {
    pub(super) fn new(id: i64) -> Node {
        Node {
            id,
            names: AtomicU32::new(0),
        }
    }

    /// Its number.
    pub(super) fn id(&self) -> i64 {
        self.id
    }

    /// A name that nothing had before.
    pub(super) fn next_id(&self) -> i64 {
        (self.id << u32::BITS) | i64::from(self.names.fetch_add(1, Ordering::Relaxed))
    }
}

impl Lease {
    /// One that never ends.
    pub(super) fn forever(id: i64) -> Lease {
        Lease(ArcSwap::from_pointee(Held {
            node: Arc::new(Node::new(id)),
            until: None,
        }))
    }

    /// One that was asked for at `asked_at`.
    pub(super) fn since(id: i64, asked_at: Duration) -> Lease {
        let lease = Lease::forever(id);
        lease.renewed(&Arc::new(Node::new(id)), asked_at);
        lease
    }

    /// Whose lease it is.
    pub(super) fn node(&self) -> Arc<Node> {
        self.0.load().node.clone()
    }

    /// It was renewed, or given to another number. What was given up meanwhile stays given up.
    pub(super) fn renewed(&self, node: &Arc<Node>, asked_at: Duration) {
        let renewed = Arc::new(Held {
            node: node.clone(),
            until: Some(asked_at + LEASE - MARGIN),
        });
        self.0.rcu(|held| {
            let is_given_up = held.node.id == node.id && held.until == Some(Duration::ZERO);
            if is_given_up { held } else { &renewed }.clone()
        });
    }

    /// What this process has in hand may differ from what the database says: it starts anew under another number.
    pub(super) fn given_up(&self) {
        self.0.store(Arc::new(Held {
            node: self.node(),
            until: Some(Duration::ZERO),
        }));
    }

    /// Whether it was given up.
    pub(super) fn is_given_up(&self) -> bool {
        self.0.load().until == Some(Duration::ZERO)
    }

    /// Whether what this number has in hand may leave now.
    pub(super) fn holds(&self, node: NodeId) -> bool {
        let held = self.0.load();
        held.node.id == node.0 && held.until.is_none_or(|until| boot_time() < until)
    }
}

/// How long this machine runs, its sleep included.
pub(super) fn boot_time() -> Duration {
    let now = clock_gettime(ClockId::Boottime);
    Duration::new(
        u64::try_from(now.tv_sec).unwrap_or_default(),
        u32::try_from(now.tv_nsec).unwrap_or_default(),
    )
}

/// Renews the lease of this transaction's node. `false`: it is over, and another node has what it had in hand.
pub(super) async fn renew(db: &mut Db<'_>) -> Answer<bool> {
    let (until, now) = lease(db).await?;
    let node = db.node().id();
    let sql =
        "UPDATE node SET lease_until = $1 WHERE id = $2 AND lease_until > $3 AND heir IS NULL";
    Ok(db.change(sql, with![until, node, now]).await? == 1)
}

/// Registers this transaction's node.
pub(super) async fn register(db: &mut Db<'_>) -> Answer<()> {
    let (until, _) = lease(db).await?;
    let node = db.node().id();
    let sql = "INSERT INTO node (id, lease_until) VALUES ($1, $2)";
    db.write(sql, with![node, until])
}

/// Ends the lease of this transaction's node.
pub(super) async fn release(db: &mut Db<'_>) -> Answer<()> {
    let node = db.node().id();
    let sql = "UPDATE node SET lease_until = 0 WHERE id = $1";
    db.write(sql, with![node])
}

/// How many other nodes there are now.
pub(super) async fn others(db: &mut Db<'_>) -> Answer<usize> {
    let (node, now) = (db.node().id(), nanoseconds(db.now().await?));
    let sql = "SELECT id FROM node WHERE lease_until > $1 AND id <> $2";
    Ok(db.ask(sql, with![now, node]).await?.len())
}

async fn lease(db: &mut Db<'_>) -> Answer<(i64, i64)> {
    let now = db.now().await?;
    let lease = SignedDuration::try_from(LEASE).unwrap_or(SignedDuration::ZERO);
    Ok((nanoseconds(now + lease), nanoseconds(now)))
}

/// What a process took over: it bears this one's number now.
pub(super) struct Taken {
    by: NodeId,
    starts: bool,
    items: HashSet<OutboxId>,
    messages: Vec<Message>,
    of: Vec<NodeId>,
}

/// Takes over what processes left behind that are no more. `None`: there is nothing.
///
/// The row of a lost node is locked first, so that it can't be renewed meanwhile; it stays until everything is
/// settled, so that another goes on if this process is lost too.
pub(super) async fn take_over(db: &mut Db<'_>, starts: bool) -> Answer<Option<Taken>> {
    let node = db.node().id();
    let now = nanoseconds(db.now().await?);
    let sql = "UPDATE node SET heir = $1 WHERE lease_until < $2 AND id <> $1 AND (heir IS NULL OR heir = $1 \
               OR heir NOT IN (SELECT id FROM node WHERE lease_until >= $2)) RETURNING id";
    let found = db.ask(sql, with![node, now]).await?;
    let of = found.iter().map(|row| row.int(0).map(NodeId));
    let of: Vec<NodeId> = of.collect::<Answer<_>>()?;
    let sql = "UPDATE outbox SET node = $1 WHERE node IN (SELECT id FROM node WHERE heir = $1) \
               OR node NOT IN (SELECT id FROM node) RETURNING id";
    let items = db.ask(sql, with![node]).await?;
    let items = items.iter().map(|row| row.int(0).map(OutboxId));
    let taken = Taken {
        by: NodeId(node),
        starts,
        items: items.collect::<Answer<_>>()?,
        messages: messages::take_over(db).await?,
        of,
    };
    let is_nothing = taken.of.is_empty() && taken.items.is_empty() && taken.messages.is_empty();
    Ok((starts || !is_nothing).then_some(taken))
}

/// All of what was taken over. It is asked after the commit: there may be more than fits into the time of a decision.
pub(super) async fn inheritance(db: &mut Db<'_>, taken: &Taken) -> Answer<Inheritance> {
    let mut items = questions::items(db, None, Some(taken.by)).await?;
    items.retain(|item| taken.items.contains(&item.id));
    Ok(Inheritance {
        items,
        messages: taken.messages.clone(),
        flows: match taken.starts || !taken.of.is_empty() {
            true => flows(db).await?,
            false => Vec::new(),
        },
        of: taken.of.clone(),
    })
}

/// Flows with a leg that may be up, last written by a process that is no more.
async fn flows(db: &mut Db<'_>) -> Answer<Vec<LeadId>> {
    let sql = "SELECT lead, flow, t1 FROM flow WHERE open = 1 AND (stage <> 'held' OR due IS NOT NULL) \
               AND node NOT IN (SELECT id FROM node WHERE heir IS NULL)";
    questions::with_legs(db, sql, with![]).await
}

/// What these nodes left is settled: they are forgotten.
pub(super) fn settled(db: &mut Db<'_>, of: &[NodeId]) -> Answer<()> {
    let heir = db.node().id();
    for node in of {
        let sql = "DELETE FROM node WHERE id = $1 AND heir = $2";
        db.write(sql, with![node.0, heir])?;
    }
    Ok(())
}

/// A turn of a carrier that takes one ring in `between` from all nodes together. `Some`: how long until the next.
pub(super) async fn turn(
    db: &mut Db<'_>,
    carrier: &str,
    between: SignedDuration,
) -> Answer<Option<SignedDuration>> {
    let now = db.now().await?;
    let sql = "INSERT INTO pace (carrier, free_at) VALUES ($1, $2) ON CONFLICT (carrier) DO UPDATE \
               SET free_at = excluded.free_at WHERE pace.free_at <= $3";
    let next = nanoseconds(now + between);
    if db
        .change(sql, with![carrier, next, nanoseconds(now)])
        .await?
        == 1
    {
        return Ok(None);
    }
    let sql = "SELECT free_at FROM pace WHERE carrier = $1";
    let row = db.ask_one(sql, with![carrier]).await?;
    let at = row.map(|row| row.int(0)).transpose()?.unwrap_or_default();
    Ok(Some(moment(at)?.duration_since(now)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_renewal_that_was_on_its_way_takes_nothing_back_that_was_given_up() {
        let lease = Lease::since(1, boot_time());
        let before = lease.node();
        assert!(lease.holds(NodeId(1)));
        lease.given_up();
        lease.renewed(&before, boot_time());
        assert!(lease.is_given_up() && !lease.holds(NodeId(1)));

        lease.renewed(&Arc::new(Node::new(2)), boot_time());
        assert!(lease.holds(NodeId(2)) && !lease.holds(NodeId(1)));
    }
}
