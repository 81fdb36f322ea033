//! What an error of PostgreSQL, or of the way there, means.

use std::error::Error;

use rustls::CertificateError;
use tokio_postgres::error::SqlState;

use crate::io::store::error::StoreError;

pub(super) fn at_fault(error: tokio_postgres::Error) -> StoreError {
    store_error(&error)
}

/// What an error means. The text of one of the server's could quote a row; one of the way there can't.
pub(super) fn store_error(error: &tokio_postgres::Error) -> StoreError {
    let Some(state) = error.code() else {
        return match (refused_certificate(error), error.source()) {
            (Some(why), _) => unreached(&not_trusted(why)),
            (None, Some(why)) => unreached(&format!("{error} ({why})")),
            (None, None) => unreached(&error.to_string()),
        };
    };
    let code = state.code();
    if [
        SqlState::T_R_SERIALIZATION_FAILURE,
        SqlState::T_R_DEADLOCK_DETECTED,
        SqlState::UNIQUE_VIOLATION,
        SqlState::LOCK_NOT_AVAILABLE,
    ]
    .contains(state)
    {
        StoreError::Conflict
    } else if *state == SqlState::DISK_FULL {
        StoreError::DiskFull
    } else if *state == SqlState::READ_ONLY_SQL_TRANSACTION {
        StoreError::ReadOnly
    } else if *state == SqlState::INVALID_PASSWORD || code.starts_with("28") {
        misaddressed("it does not let us in; look at the user and the password in store.url")
    } else if *state == SqlState::INVALID_CATALOG_NAME {
        misaddressed("it has no such database; make it, or name another in store.url")
    } else if *state == SqlState::DATA_CORRUPTED || *state == SqlState::INDEX_CORRUPTED {
        StoreError::Corrupt("PostgreSQL says so".to_owned())
    } else {
        unreached(&format!("it answers with error {code}"))
    }
}

pub(super) fn unreached(why: &str) -> StoreError {
    StoreError::Unavailable(format!("PostgreSQL: {why}"))
}

pub(super) fn misaddressed(why: &str) -> StoreError {
    StoreError::Misaddressed(why.to_owned())
}

/// What is wrong with the server's certificate, if it is that.
fn refused_certificate(error: &tokio_postgres::Error) -> Option<&CertificateError> {
    let handshake = error.source()?.downcast_ref::<std::io::Error>()?;
    let refusal = handshake.get_ref()?.downcast_ref::<rustls::Error>()?;
    if let rustls::Error::InvalidCertificate(why) = refusal {
        return Some(why);
    }
    None
}

/// What is wrong with a certificate is mended at the server or in what this machine trusts; each connection looks anew.
fn not_trusted(why: &CertificateError) -> String {
    use CertificateError as Why;
    // The signature is bad where the authority has the name of one that is trusted, and another key.
    let is_strange = matches!(why, Why::UnknownIssuer | Why::BadSignature);
    let is_anothers = matches!(
        why,
        Why::NotValidForName | Why::NotValidForNameContext { .. }
    );
    let is_old = matches!(why, Why::Expired | Why::ExpiredContext { .. });
    let sentence = match (is_strange, is_anothers, is_old) {
        (true, _, _) => {
            "its certificate is from an authority that this machine does not trust; add that authority to the system's \
             (update-ca-certificates), or name its file in SSL_CERT_FILE"
        }
        (_, true, _) => {
            "its certificate is for another name than the host in store.url; write the host there as the certificate \
             has it, or give the server one for this name"
        }
        (_, _, true) => "its certificate has expired; give the server a new one",
        (false, false, false) => return format!("its certificate is refused ({why})"),
    };
    sentence.to_owned()
}
