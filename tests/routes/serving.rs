//! The end of the process: requests in hand finish.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

use leadbridge::io::web;

use crate::house::{House, lead};

#[tokio::test]
async fn a_lead_that_is_half_way_in_when_the_daemon_is_told_to_end_is_still_taken() {
    let house = House::new().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (end, ends) = oneshot::channel::<()>();
    let serving = tokio::spawn(web::serve(listener, house.router.clone(), async {
        ends.await.unwrap();
    }));
    let mut source = TcpStream::connect(address).await.unwrap();
    let body = lead("open-1", "0470 12 34 56");
    let head = format!(
        "POST /leads/open HTTP/1.1\r\nhost: bridge\r\nexpect: 100-continue\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    source.write_all(head.as_bytes()).await.unwrap();
    let mut go_on = [0; 25];
    source.read_exact(&mut go_on).await.unwrap();
    assert_eq!(&go_on, b"HTTP/1.1 100 Continue\r\n\r\n");
    end.send(()).unwrap();
    source.write_all(body.as_bytes()).await.unwrap();
    let mut answer = String::new();
    source.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 202"), "{answer}");
    serving.await.unwrap().unwrap();
    assert_eq!(house.kept().await, 1);
    assert!(TcpStream::connect(address).await.is_err());
}
