//! What the database itself guarantees: a tenant sees its own rows only, and personal data are not readable in it.

use sqlx::{Connection, PgConnection};

use crate::world::TestApp;

/// The tables that find a tenant. Every other table belongs to one.
const DIRECTORY: [&str; 34] = [
    "_sqlx_migrations",
    "access_rules",
    "ceremonies",
    "claim_links",
    "cron_slots",
    "data_keys",
    "factor_resets",
    "half_sessions",
    "invitations",
    "jobs",
    "lead_routes",
    "login_failures",
    "memberships",
    "message_callbacks",
    "message_routes",
    "meta_pages",
    "meta_routes",
    "operator_staff",
    "operators",
    "organizations",
    "passkeys",
    "password_resets",
    "pictures",
    "push_devices",
    "push_keys",
    "push_tokens",
    "recovery_codes",
    "sender_numbers",
    "sequence_followers",
    "sessions",
    "totp_factors",
    "users",
    "webhook_quarantine",
    "webhook_receipts",
];

/// Columns that hold what a person said or is called: sealed, so `bytea`.
const PERSONAL: [&str; 14] = [
    "full_name",
    "first_name",
    "last_name",
    "email",
    "phone",
    "phone_given",
    "message",
    "answers",
    "note",
    "token",
    "response",
    "address",
    "origin",
    "email_index",
];
/// As above, but the word also names what is not personal.
const PERSONAL_IN: [(&str, &str); 19] = [
    ("users", "name"),
    ("lead_notes", "text"),
    ("messages", "subject"),
    ("messages", "text"),
    ("messages", "html"),
    ("message_callbacks", "payload"),
    ("invitations", "name"),
    ("invitations", "code"),
    ("password_resets", "code"),
    ("pictures", "image"),
    ("passkeys", "label"),
    ("passkeys", "credential"),
    ("totp_factors", "secret"),
    ("recovery_codes", "code_hash"),
    ("ceremonies", "state"),
    ("push_devices", "endpoint"),
    ("push_devices", "p256dh"),
    ("push_devices", "auth"),
    ("push_keys", "private_key"),
];

async fn connection(url: &str) -> PgConnection {
    PgConnection::connect(url).await.expect("a connection")
}

async fn lines(connection: &mut PgConnection, query: &'static str) -> Vec<String> {
    let directory: Vec<String> = DIRECTORY.iter().map(|name| (*name).to_owned()).collect();
    sqlx::query_scalar(query).bind(directory).fetch_all(connection).await.expect("the catalogue answers")
}

#[tokio::test]
async fn every_tenant_table_is_guarded() {
    let app = TestApp::new().await;
    let mut superuser = connection(&app.superuser_url()).await;
    let unguarded = lines(
        &mut superuser,
        "select c.relname::text from pg_class c
         where c.relkind in ('r', 'p') and c.relnamespace = 'public'::regnamespace and not c.relname = any($1)
           and not (c.relrowsecurity and c.relforcerowsecurity and exists (
               select from pg_policy p where p.polrelid = c.oid and p.polcmd = '*' and p.polpermissive
                  and pg_get_expr(p.polqual, p.polrelid) like '%app.organization%'))",
    )
    .await;
    assert!(
        unguarded.is_empty(),
        "enable and force row-level security with the policy `tenant` (migrations/README.md), or add to DIRECTORY: {unguarded:?}"
    );

    let keys = lines(
        &mut superuser,
        "select c.relname::text from pg_class c
         where c.relkind in ('r', 'p') and c.relnamespace = 'public'::regnamespace and not c.relname = any($1)
           and not exists (
               select from pg_index i join pg_attribute a on a.attrelid = c.oid and a.attnum = i.indkey[0]
               where i.indrelid = c.oid and i.indisprimary and a.attname = 'organization_id')",
    )
    .await;
    assert!(keys.is_empty(), "the primary key begins with organization_id: {keys:?}");

    let references = lines(
        &mut superuser,
        "select f.conrelid::regclass || ' → ' || f.confrelid::regclass from pg_constraint f
         where f.contype = 'f' and not f.confrelid::regclass::text = any($1)
           and not (f.conkey[1] = (select attnum from pg_attribute where attrelid = f.conrelid and attname = 'organization_id')
                and f.confkey[1] = (select attnum from pg_attribute where attrelid = f.confrelid and attname = 'organization_id'))",
    )
    .await;
    assert!(
        references.is_empty(),
        "foreign keys ignore row-level security, so they carry organization_id: {references:?}"
    );

    let missing: Vec<String> =
        sqlx::query_scalar("select t from unnest($1::text[]) t where to_regclass('public.' || t) is null")
            .bind(DIRECTORY.map(str::to_owned).to_vec())
            .fetch_all(&mut superuser)
            .await
            .expect("the catalogue answers");
    assert!(missing.is_empty(), "DIRECTORY names tables that are gone: {missing:?}");
}

#[tokio::test]
async fn personal_columns_are_sealed() {
    let app = TestApp::new().await;
    let mut superuser = connection(&app.superuser_url()).await;
    let readable: Vec<(String, String, String)> = sqlx::query_as(
        "select table_name::text, column_name::text, data_type::text from information_schema.columns
         where table_schema = 'public' and data_type <> 'bytea'",
    )
    .fetch_all(&mut superuser)
    .await
    .expect("the catalogue answers");
    let wrong: Vec<_> = readable
        .iter()
        .filter(|(table, column, _)| {
            PERSONAL.contains(&column.as_str()) || PERSONAL_IN.contains(&(table.as_str(), column.as_str()))
        })
        .collect();
    assert!(wrong.is_empty(), "personal data are sealed, so their columns are bytea: {wrong:?}");
}

#[tokio::test]
async fn the_role_that_serves_is_weak() {
    let app = TestApp::new().await;
    let mut superuser = connection(&app.superuser_url()).await;
    let (owns, mighty): (i64, bool) = sqlx::query_as(
        "select (select count(*) from pg_class c where c.relowner = r.oid) + (select count(*) from pg_database d where d.datdba = r.oid),
                r.rolsuper or r.rolbypassrls or r.rolcreaterole or r.rolcreatedb
         from pg_roles r where r.rolname = 'nextmove_app'",
    )
    .fetch_one(&mut superuser)
    .await
    .expect("the role exists");
    assert_eq!((owns, mighty), (0, false));
    let as_owner = nextmove::start::app(app.app.config.clone(), &app.owner_url(), app.clock.clone()).await;
    assert!(as_owner.is_err(), "the server refuses to serve as the owner");
}

#[tokio::test]
async fn a_tenant_sees_its_own_rows_only() {
    let app = TestApp::new().await;
    let acme = app.world.acme;
    // A row of acme's in each table that needs no other row.
    let mut superuser = connection(&app.superuser_url()).await;
    for insert in [
        "insert into event_heads (organization_id, sequence) values ($1, 1)",
        "insert into campaigns (organization_id, id, platform, external_id, name, created_at) values ($1, $1, 'meta', '1', 'x', now())",
        "insert into leads (organization_id, id, source, created_at, received_at, updated_at) values ($1, $1, 'manual', now(), now(), now())",
        "insert into lead_tokens (organization_id, token, lead_id) values ($1, 'x', $1)",
        "insert into lead_history (organization_id, id, lead_id, kind, at, data) values ($1, $1, $1, 'captured', now(), '{}')",
        "insert into lead_traces (organization_id, lead_id, received_at, stored_at) values ($1, $1, now(), now())",
        "insert into consent_texts (organization_id, version, text, first_seen_at) values ($1, 'v', 'x', now())",
    ] {
        sqlx::query(insert).bind(acme.0).execute(&mut superuser).await.expect(insert);
    }
    let tables = lines(
        &mut superuser,
        "select c.relname::text from pg_class c
         where c.relkind in ('r', 'p') and c.relnamespace = 'public'::regnamespace and not c.relname = any($1) order by 1",
    )
    .await;
    assert!(tables.len() > 10, "{tables:?}");

    let mut seen = Vec::new();
    for (who, setting) in [("nobody", None), ("globex", Some(app.world.globex)), ("acme", Some(acme))] {
        let mut served = connection(&app.app_url()).await;
        let mut tx = served.begin().await.expect("begins");
        if let Some(organization) = setting {
            sqlx::query("select set_config('app.organization', $1, true)")
                .bind(organization.to_string())
                .execute(&mut *tx)
                .await
                .expect("sets");
        }
        for table in &tables {
            let count = sqlx::AssertSqlSafe(format!("select count(*) from {table}"));
            let count: i64 = sqlx::query_scalar(count).fetch_one(&mut *tx).await.expect("counts");
            if count > 0 {
                seen.push((who, table.clone()));
            }
        }
        let foreign = sqlx::query("insert into event_heads (organization_id, sequence) values ($1, 9)")
            .bind(if who == "acme" { app.world.globex.0 } else { acme.0 })
            .execute(&mut *tx)
            .await;
        let told = foreign.expect_err("a row of another tenant is refused").to_string();
        assert!(told.contains("row-level security"), "{who}: {told}");
    }
    assert!(seen.iter().all(|(who, _)| *who == "acme"), "{seen:?}");
    assert_eq!(seen.len(), 7, "{seen:?}");

    let mut served = connection(&app.app_url()).await;
    let nobodys = sqlx::query("insert into event_heads (sequence) values (1)").execute(&mut served).await;
    assert!(nobodys.is_err(), "without an organization nothing is inserted");
}
