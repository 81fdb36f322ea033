//! `kill -9` of the daemon at every stage of a lead, on real phones: nobody is rung twice, nobody is cut off who talks, nothing
//! stays behind, and a call between two neighbours does not notice.

use std::time::Duration;

use crate::daemon::{ms, told};
use crate::house::{accepts, heard_since, picks_up, seconds_now, talk};
use crate::neighbours::only_they_are_left;
use crate::phones::Behaviour;
use crate::story::{Story, result};

#[tokio::test]
async fn a_phone_that_rings_rings_on_and_its_key_works() {
    let an = Behaviour::answers(Duration::from_secs(4)).presses(ms(800), "1");
    let story = Story::begins(an, picks_up()).await;
    story.is_killed_and_comes_back().await;
    let lead = story.ends_well(&story.an, [1, 0, 1]).await;
    assert_eq!(result(&lead, 0), "accepted");
}

#[tokio::test]
async fn a_phone_picked_up_while_nobody_hears_is_lost_and_not_missed() {
    let story = Story::begins(Behaviour::answers(ms(3000)), picks_up()).await;
    story.tells("rep-rung").await;
    story.house.daemon.kill();
    story.an.next("ended").await;
    story.house.daemon.serve(&story.house.asterisk).await;
    let lead = story.ends_well(&story.bart, [2, 1, 1]).await;
    assert_eq!(result(&lead, 0), "lost");
    assert!(!told(&lead).contains(&"rep-missed"), "{:?}", told(&lead));
}

#[tokio::test]
async fn a_rep_who_listens_hears_it_again_and_the_key_works() {
    let story = Story::begins(picks_up(), picks_up()).await;
    story.tells("rep-answered").await;
    story.is_killed_and_comes_back().await;
    let heard = heard_since(&story.an, seconds_now() + 0.5, ms(1500)).await;
    assert!(heard.is_speech());
    story.an.presses("1");
    let lead = story.ends_well(&story.an, [1, 0, 1]).await;
    assert_eq!(result(&lead, 0), "accepted");
}

#[tokio::test]
async fn a_customers_phone_that_rings_rings_on_and_they_talk() {
    let customer = Behaviour::answers(Duration::from_secs(5));
    let story = Story::begins(accepts(), customer).await;
    story.customer.next("incoming").await;
    story.is_killed_and_comes_back().await;
    story.ends_well(&story.an, [1, 0, 1]).await;
}

#[tokio::test]
async fn two_who_talk_talk_on_and_the_rep_says_what_came_of_it() {
    let story = Story::begins(accepts(), picks_up()).await;
    story.customer.next("answered").await;
    story.tells("bridged").await;
    talk(&story.an, &story.customer).await;
    story.house.daemon.kill();
    talk(&story.an, &story.customer).await;
    story.house.daemon.serve(&story.house.asterisk).await;
    talk(&story.an, &story.customer).await;
    story.customer.hangs_up();
    story.tells("hung-up").await;
    story.an.presses("1");
    story.house.daemon.ends(&story.lead, "connected").await;
    story.rang([1, 0, 1]);
    only_they_are_left(&story.house).await;
    story.neighbours.talk_on().await;
}

#[tokio::test]
async fn a_talk_that_ends_while_nobody_hears_is_over_afterwards() {
    let story = Story::begins(accepts(), picks_up()).await;
    story.customer.next("answered").await;
    story.tells("bridged").await;
    story.house.daemon.kill();
    story.an.hangs_up();
    story.an.next("ended").await;
    story.house.daemon.serve(&story.house.asterisk).await;
    story.customer.next("ended").await;
    story.house.daemon.ends(&story.lead, "unconfirmed").await;
    only_they_are_left(&story.house).await;
    story.neighbours.talk_on().await;
}
