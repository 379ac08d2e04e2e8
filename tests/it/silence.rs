//! The database's machine dies without a word: what was open stays open, and nobody answers on it any more.

use std::{path::Path, time::Duration};

use nextmove::{db::Actor, start};
use sqlx::postgres::PgConnectOptions;
use tokio::{
    net::{UnixListener, UnixStream},
    sync::watch,
};

use crate::world::TestApp;

/// Stands between a server and its database. What is open when it falls silent hears nothing from then on; who connects anew is heard again.
struct Wire {
    silences: watch::Sender<u32>,
    folder: tempfile::TempDir,
}

impl Wire {
    fn to(database: &Path) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let socket = |folder: &Path| folder.join(".s.PGSQL.5432");
        let listener = UnixListener::bind(socket(folder.path())).expect("a socket");
        let (silences, told) = watch::channel(0);
        let database = socket(database);
        tokio::spawn(async move {
            while let Ok((mut near, _)) = listener.accept().await {
                let (database, mut told) = (database.clone(), told.clone());
                let before = *told.borrow();
                tokio::spawn(async move {
                    let mut far = UnixStream::connect(database).await.expect("the database listens");
                    tokio::select! {
                        _ = tokio::io::copy_bidirectional(&mut near, &mut far) => {}
                        () = async { drop(told.wait_for(|now| *now > before).await) } => std::future::pending().await,
                    }
                });
            }
        });
        Self { silences, folder }
    }

    fn fall_silent(&self) {
        self.silences.send_modify(|times| *times += 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_waits_for_a_database_that_says_nothing() {
    let app = TestApp::new().await;
    let options: PgConnectOptions = app.app_url().parse().expect("a URL");
    let wire = Wire::to(options.get_socket().expect("a socket"));
    let url = app.app_url();
    let (server, _) = url.split_once("?host=").expect("the tests' database is reached by a socket");
    let url = format!("{server}?host={}", wire.folder.path().display().to_string().replace('/', "%2F"));
    let other = start::app(app.app.config.clone(), &url, app.clock.clone()).await.expect("an app");
    let read = async || other.db.read(app.world.acme, Actor::System, async |_| Ok(())).await;
    // As many connections as there may be idle ones, so that the dead are met one after the other.
    let (first, second) = tokio::join!(read(), read());
    first.and(second).expect("it is there");

    wire.fall_silent();
    let again = tokio::time::timeout(Duration::from_secs(90), read()).await;
    again.expect("nobody waits for ever").expect("another connection is made");
    let everybody = tokio::time::timeout(Duration::from_secs(90), other.db.ping()).await;
    everybody.expect("nobody waits for ever").expect("it answers");
}
