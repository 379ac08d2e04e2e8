//! A device says that a push arrived. It knows nothing but the token that came with it, so its person need not be signed in.

use aws_lc_rs::digest;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};

use super::sql;
use crate::{
    app::App,
    db::{Actor, seal},
    error::Result,
    notifications,
};

/// A token to be sent, and what is kept of it.
pub(super) fn token() -> (String, Vec<u8>) {
    let text = BASE64_URL_SAFE_NO_PAD.encode(seal::random::<16>());
    let hash = hash(&text);
    (text, hash)
}

pub(super) fn hash(token: &str) -> Vec<u8> {
    digest::digest(&digest::SHA256, token.as_bytes()).as_ref().to_vec()
}

/// Nothing happens for a token that is none, or came before.
pub(super) async fn arrived(app: &App, token: &str) -> Result<()> {
    let hash = hash(token);
    let found = app.db.directory(async |directory| sql::take_token(directory, &hash).await).await?;
    let Some((organization, delivery)) = found else { return Ok(()) };
    metrics::counter!("nextmove_pushes_arrived_total").increment(1);
    let device = app.db.write(organization, Actor::System, async |tx| sql::arrived(tx, delivery).await).await?;
    if let Some(device) = device {
        app.db.directory(async |directory| notifications::acknowledge_device(directory, device).await).await?;
    }
    Ok(())
}
