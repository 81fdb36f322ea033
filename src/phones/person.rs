//! The person on a phone: acts out what the phone was told to do.

use tokio::{
    sync::{mpsc, oneshot, watch},
    time::sleep,
};

use super::{
    Act,
    leg::{Key, Order},
    world::Hearing,
};

/// Acts one after another; ends early when the call does.
pub(super) async fn act_out(
    acts: Vec<Act>,
    orders: mpsc::UnboundedSender<Order>,
    mut hearing: watch::Receiver<Hearing>,
) {
    let mut listened = 0;
    for act in acts {
        match act {
            Act::Press(key) => {
                until(&mut hearing, |hearing| hearing.asked_for_keys).await;
                press(&orders, key).await;
            }
            Act::PressAtOnce(key) => press(&orders, key).await,
            Act::Wait(span) => sleep(span).await,
            Act::Listen => {
                until(&mut hearing, |hearing| hearing.prompts > listened).await;
                listened += 1;
            }
            Act::Talk(span) => {
                until(&mut hearing, |hearing| hearing.bridged).await;
                tokio::select! {
                    () = sleep(span) => {}
                    () = until(&mut hearing, |hearing| !hearing.bridged) => {}
                }
            }
            Act::HangUp => {
                let _ = orders.send(Order::HangUp);
            }
        }
    }
}

async fn until(hearing: &mut watch::Receiver<Hearing>, true_of: impl Fn(&Hearing) -> bool) {
    let _ = hearing
        .wait_for(|hearing| hearing.ended || true_of(hearing))
        .await;
}

/// Presses a key and waits until the network has dealt with it, so that the next key meets what follows.
async fn press(orders: &mpsc::UnboundedSender<Order>, key: char) {
    let (done, dealt_with) = oneshot::channel();
    if orders
        .send(Order::Key(Key {
            key,
            done: Some(done),
        }))
        .is_ok()
    {
        let _ = dealt_with.await;
    }
}
