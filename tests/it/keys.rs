//! Keys while several processes run: what one writes, every other one reads.

use chrono::TimeDelta;
use nextmove::{
    app::App,
    db::{self, Actor},
    leads, start,
    types::ids::{LeadId, OrganizationId},
};
use sqlx::Connection;

use crate::{
    leads::lead,
    world::{TestApp, monday},
};

async fn name_of(app: &App, organization: OrganizationId, id: LeadId) -> Option<String> {
    let found = app.db.read(organization, Actor::System, async |tx| leads::present_many(tx, &[id]).await);
    found.await.ok()?.into_iter().next()?.full_name
}

#[tokio::test]
async fn a_new_key_is_written_with_once_every_process_knows_it() {
    let app = TestApp::new().await;
    let acme = app.world.acme;
    // Another process, which knows the keys as they were.
    let other = start::app(app.app.config.clone(), &app.app_url(), app.clock.clone()).await.expect("another process");
    let before = lead(&app, acme, "Before Somebody", monday()).await;
    assert_eq!(name_of(&other, acme, before).await.as_deref(), Some("Before Somebody"));

    let rotated = app.app.db.directory(async |directory| {
        db::rotate_keys(directory, None).await?;
        db::rotate_keys(directory, Some(acme)).await
    });
    rotated.await.expect("rotated");
    app.app.db.forget_keys();
    let meanwhile = lead(&app, acme, "Meanwhile Somebody", monday()).await;
    assert_eq!(name_of(&other, acme, meanwhile).await.as_deref(), Some("Meanwhile Somebody"));

    // A minute later every process has looked, and after another one everybody may rely on it.
    other.db.forget_keys();
    assert_eq!(name_of(&other, acme, before).await.as_deref(), Some("Before Somebody"), "knows the new key now");
    app.advance(TimeDelta::seconds(119));
    app.app.db.forget_keys();
    let waiting = lead(&app, acme, "Waiting Somebody", monday()).await;
    app.advance(TimeDelta::seconds(1));
    app.app.db.forget_keys();
    let after = lead(&app, acme, "After Somebody", monday()).await;
    assert_eq!(name_of(&other, acme, after).await.as_deref(), Some("After Somebody"));

    let mut connection = sqlx::PgConnection::connect(&app.superuser_url()).await.expect("a connection");
    let mut keys = Vec::new();
    for id in [before, meanwhile, waiting, after] {
        let key: Vec<u8> = sqlx::query_scalar("select substring(full_name from 2 for 4) from leads where id = $1")
            .bind(id.0)
            .fetch_one(&mut connection)
            .await
            .expect("a lead");
        keys.push(key);
    }
    assert!(keys[0] == keys[1] && keys[1] == keys[2] && keys[2] < keys[3], "{keys:?}");
    other.db.close().await;
}
