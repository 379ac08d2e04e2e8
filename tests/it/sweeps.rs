//! What is forgotten after its time: a round at a time, so that a million rows never make one long transaction.

use chrono::TimeDelta;
use nextmove::{db::Actor, outbox};
use sqlx::{Connection, PgConnection};

use crate::world::{TestApp, monday};

#[tokio::test]
async fn events_are_forgotten_from_the_oldest_on_and_leave_no_gap() {
    let app = TestApp::new().await;
    let acme = app.world.acme;
    let mut superuser = PgConnection::connect(&app.superuser_url()).await.expect("a connection");
    // Ten old ones, of which the eighth began before the seventh ended: its time is younger. Then five young ones.
    sqlx::query(
        "insert into events (organization_id, sequence, kind, subject_id, data, at)
         select $1, n, 'lead_teleported', $1, '{}', $2::timestamptz - case when n = 8 or n > 10 then interval '1 day' else interval '9 days' end
         from generate_series(1, 15) as n",
    )
    .bind(acme.0)
    .bind(monday())
    .execute(&mut superuser)
    .await
    .expect("inserts");
    let before = monday() - TimeDelta::days(7);
    let mut rounds = Vec::new();
    for _ in 0..4 {
        let round = app.app.db.write(acme, Actor::System, async |tx| outbox::prune(tx, before, 3).await);
        rounds.push(round.await.expect("a round"));
    }
    assert_eq!(rounds, [3, 3, 1, 0], "at most three a round, up to the first young one");
    let left: Vec<i64> = sqlx::query_scalar("select sequence from events where organization_id = $1 order by 1")
        .bind(acme.0)
        .fetch_all(&mut superuser)
        .await
        .expect("events");
    assert_eq!(
        left,
        (8..=15).collect::<Vec<_>>(),
        "nothing behind the young one goes, or an app would miss it in silence"
    );
}

#[tokio::test]
async fn one_sweep_goes_on_until_nothing_old_is_left() {
    let app = TestApp::new().await;
    let (acme, globex) = (app.world.acme, app.world.globex);
    let mut superuser = PgConnection::connect(&app.superuser_url()).await.expect("a connection");
    for (organization, age) in [(acme, "9 days"), (globex, "1 day")] {
        for insert in [
            "insert into events (organization_id, sequence, kind, subject_id, data, at)
             select $1, n, 'lead_teleported', $1, '{}', $2::timestamptz - $3::text::interval from generate_series(1, 2500) as n",
            "insert into idempotency_keys (organization_id, user_id, key, id, fingerprint, created_at)
             select $1, (select id from users limit 1), n::text, $1, 'x', $2::timestamptz - $3::text::interval from generate_series(1, 2500) as n",
        ] {
            let insert = sqlx::query(insert).bind(organization.0).bind(monday()).bind(age);
            insert.execute(&mut superuser).await.expect("inserts");
        }
    }
    sqlx::query("insert into jobs (kind, payload, run_at, created_at) values ('sweep', '{}', $1, $1)")
        .bind(monday())
        .execute(&mut superuser)
        .await
        .expect("a job");
    app.run_jobs().await;
    let left: Vec<(String, i64)> = sqlx::query_as(
        "select 'events of globex', count(*) from events where organization_id = $1
         union all select 'keys of globex', count(*) from idempotency_keys where organization_id = $1
         union all select 'acme', count(*) from (select from events where organization_id = $2 union all select from idempotency_keys where organization_id = $2) as old",
    )
    .bind(globex.0)
    .bind(acme.0)
    .fetch_all(&mut superuser)
    .await
    .expect("counts");
    let counts: Vec<i64> = left.into_iter().map(|(_, count)| count).collect();
    assert_eq!(counts, [2500, 2500, 0]);
}
