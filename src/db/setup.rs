//! Before anything can be served: roles, database, migrations. Each step may be run again.

use std::str::FromStr;

use sqlx::{AssertSqlSafe, Connection, PgConnection, migrate::Migrator, postgres::PgConnectOptions};

use super::MIGRATOR;
use crate::error::{Error, Result};

pub const OWNER: &str = "nextmove_owner";
pub const APP: &str = "nextmove_app";

async fn connect(url: &str) -> Result<PgConnection> {
    let options = PgConnectOptions::from_str(url).map_err(Error::internal)?;
    Ok(PgConnection::connect_with(&options).await?)
}

/// Makes the two roles and the database in the embedded cluster: `superuser` gives the superuser's URL of a database.
pub async fn create_database(superuser: impl Fn(&str) -> String, database: &str) -> Result<()> {
    let mut connection = connect(&superuser("postgres")).await?;
    for role in [OWNER, APP] {
        let exists =
            sqlx::query("select from pg_roles where rolname = $1").bind(role).fetch_optional(&mut connection).await?;
        if exists.is_none() {
            sqlx::query(AssertSqlSafe(format!("create role {role} login"))).execute(&mut connection).await?;
        }
    }
    let exists = sqlx::query("select from pg_database where datname = $1")
        .bind(database)
        .fetch_optional(&mut connection)
        .await?;
    if exists.is_none() {
        sqlx::query(AssertSqlSafe(format!(
            "create database \"{database}\" owner {OWNER} encoding 'UTF8' template template0"
        )))
        .execute(&mut connection)
        .await?;
    }
    connection.close().await?;
    let mut connection = connect(&superuser(database)).await?;
    sqlx::raw_sql(AssertSqlSafe(format!(
        "revoke create on schema public from public; grant create, usage on schema public to {OWNER}; grant usage on schema public to {APP}"
    )))
    .execute(&mut connection)
    .await?;
    connection.close().await?;
    Ok(())
}

/// A copy of a database that nobody is connected to: for tests, which each get their own.
pub async fn copy_database(superuser_url: &str, template: &str, copy: &str) -> Result<()> {
    let mut connection = connect(superuser_url).await?;
    sqlx::query(AssertSqlSafe(format!("create database \"{copy}\" template \"{template}\" owner {OWNER}")))
        .execute(&mut connection)
        .await?;
    connection.close().await?;
    Ok(())
}

/// Applies the migrations that are missing, as the role that owns the tables. Those that a newer release applied are left alone: rolling
/// back deploys the older program on the newer schema.
pub async fn migrate(owner_url: &str) -> Result<()> {
    let mut connection = connect(owner_url).await?;
    let migrator = Migrator { migrations: MIGRATOR.migrations.clone(), ignore_missing: true, ..Migrator::DEFAULT };
    migrator.run_direct(None, &mut connection, false).await.map_err(Error::internal)?;
    // The server that serves asks which migrations there are.
    sqlx::query(AssertSqlSafe(format!("grant select on _sqlx_migrations to {APP}"))).execute(&mut connection).await?;
    connection.close().await?;
    Ok(())
}

/// Vacuums all tables and gathers the planner's statistics.
pub async fn tidy(owner_url: &str) -> Result<()> {
    let mut connection = connect(owner_url).await?;
    let tables: Vec<String> = sqlx::query_scalar(
        "select quote_ident(tablename) from pg_tables where tableowner = current_user and schemaname = 'public'",
    )
    .fetch_all(&mut connection)
    .await?;
    sqlx::raw_sql(AssertSqlSafe(format!("vacuum (analyze) {}", tables.join(", ")))).execute(&mut connection).await?;
    connection.close().await?;
    Ok(())
}

/// The newest migration this program knows.
pub fn newest_migration() -> i64 {
    MIGRATOR.iter().map(|migration| migration.version).max().unwrap_or(0)
}
