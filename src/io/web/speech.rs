//! What is said, fetched by the carrier that plays it. Its name is a secret that the carrier was told, and nobody keeps it.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};

use super::problem::Problem;
use super::{Web, about};
use crate::io::speech::Speech;
use crate::rotation::CarrierId;

/// `GET /carriers/{carrier}/speech/{key}.wav`
pub(super) async fn sound(
    State(web): State<Web>,
    Path((carrier, sound)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let carrier = CarrierId(carrier);
    about("carrier", &carrier.0);
    said(
        web.engine
            .trunks
            .get(&carrier)
            .and_then(|trunk| trunk.speech()),
        &sound,
    )
    .await
}

async fn said(voice: Option<&Speech>, sound: &str) -> Result<Response, Problem> {
    let nothing = || {
        let detail = "there is no such sound, or no longer: each is kept for minutes only";
        Problem::new(StatusCode::NOT_FOUND, detail)
    };
    let key = sound.strip_suffix(".wav").ok_or_else(nothing)?;
    let wav = voice.ok_or_else(nothing)?.wav(key).await;
    let head = [(CONTENT_TYPE, "audio/wav"), (CACHE_CONTROL, "no-store")];
    Ok((head, wav.ok_or_else(nothing)?).into_response())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::collections::BTreeMap;

    use axum::body::to_bytes;

    use super::*;
    use crate::io::speech::Voice;

    #[tokio::test]
    async fn a_sound_is_given_to_whoever_knows_its_name_and_kept_by_nobody() {
        let speech = Speech::new(Voice(BTreeMap::new()));
        let key = speech.say("nl-BE", &["Jan".to_owned()]).await.unwrap();
        let response = said(Some(&speech), &format!("{key}.wav")).await.unwrap();
        assert_eq!(response.headers()[CONTENT_TYPE], "audio/wav");
        assert_eq!(response.headers()[CACHE_CONTROL], "no-store");
        let body = to_bytes(response.into_body(), 1 << 20).await.unwrap();
        assert_eq!(Some(body), speech.wav(&key.to_string()).await);
        for (voice, sound) in [
            (Some(&speech), "0123456789abcdef.wav"),
            (Some(&speech), "tone"),
            (None, "tone.wav"),
        ] {
            let refused = said(voice, sound).await.unwrap_err();
            assert_eq!(refused.status, StatusCode::NOT_FOUND, "{sound}");
        }
    }
}
