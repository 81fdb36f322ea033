//! What a rep hears before they press, and when it begins.

use crate::config::{AN, Config};
use crate::daemon::{CUSTOMER, lead, ms};
use crate::house::{House, accepts, heard_since, picks_up, talk};

/// What is heard when nothing can be said.
const TONE_HZ: u32 = 880;

#[tokio::test]
async fn without_a_voice_a_tone_is_heard_and_the_key_works() {
    let mute = Config::of(&["an"], "").spoken_by("[\"false\"]");
    let house = House::open(mute).await;
    let an = house.rep(AN, accepts()).await;
    let customer = house.outside(CUSTOMER, picks_up()).await;
    let id = house.daemon.sends(&lead(CUSTOMER)).await;
    let answered = an.next("answered").await.at;
    let heard = heard_since(&an, answered, ms(700)).await;
    assert!(heard.begins() < Some(ms(300)), "{:?}", heard.begins());
    // Its beeps begin and end within windows.
    let shares = heard.shares(TONE_HZ);
    assert!(shares.iter().all(|share| *share > 0.4), "{shares:?}");
    customer.next("answered").await;
    talk(&an, &customer).await;
    an.hangs_up();
    customer.next("ended").await;
    house.daemon.ends(&id, "unconfirmed").await;
    house.is_quiet().await;
}
