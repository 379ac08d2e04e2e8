//! Imports, a batch at a time: each is a transaction of its own, so what a worker that ended had done is done, and the next goes on behind it.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    import_rows::{ImportPlan, Reader},
    imports, rows_sql as sql,
};
use crate::{
    app::App,
    db::{Actor, Tx},
    error::Result,
    jobs::{Context, Failure, Job},
    leads::{self, Captured, NewLead},
    sla,
};

/// Rows in one transaction.
const BATCH: usize = 200;

/// Takes a file in.
#[derive(Debug, Serialize, Deserialize)]
pub struct RunImport {
    pub import: Uuid,
}

impl Job<App> for RunImport {
    const KIND: &'static str = "run_import";
    const PRIORITY: i16 = 150;

    fn key(&self) -> Option<String> {
        Some(self.import.to_string())
    }

    async fn run(self, context: Context<App>) -> Result<(), Failure> {
        let organization = context.organization()?;
        let batch = async |tx: &mut Tx| take_in(tx, self.import).await;
        while context.app.db.write(organization, Actor::System, batch).await? {}
        Ok(())
    }
}

/// Takes the next rows in; tells whether there may be more.
async fn take_in(tx: &mut Tx, id: Uuid) -> Result<bool> {
    let Some(row) = sql::lock(tx, id).await?.filter(|row| row.state == "running") else { return Ok(false) };
    let Some(file) = imports::file(tx, &row)? else { return Ok(false) };
    let plan: ImportPlan = serde_json::from_value(row.plan)?;
    let reader = Reader::new(tx, &file.headers, &plan).await?;
    let from = usize::try_from(row.done).unwrap_or(0);
    let mut outcome = sql::Outcome::default();
    let (mut new, mut campaigns) = (Vec::<NewLead>::new(), HashMap::new());
    let mut places = Vec::new();
    for (number, cells) in (row.done + 1..).zip(file.rows.iter().skip(from).take(BATCH)) {
        outcome.rows.push(number);
        outcome.leads.push(None);
        match reader.read(number, cells)? {
            Ok(read) => {
                let campaign = match read.campaign {
                    Some(name) => Some(match campaigns.get(&name) {
                        Some(id) => *id,
                        None => {
                            let id = imports::campaign(tx, &name).await?;
                            campaigns.insert(name, id);
                            id
                        }
                    }),
                    None => None,
                };
                places.push(outcome.states.len());
                new.push(NewLead { campaign, ..read.new });
                outcome.states.push("new");
                outcome.fields.push(None);
                outcome.reasons.push(None);
            }
            Err(error) => {
                outcome.states.push("invalid");
                outcome.fields.push(error.field);
                outcome.reasons.push(Some(error.reason));
            }
        }
    }
    let sla = sla::current(tx).await?;
    for (place, captured) in places.into_iter().zip(leads::capture_all(tx, new, &sla).await?) {
        let (state, lead) = match captured {
            Captured::New(lead) => ("new", lead),
            Captured::Joined(lead) | Captured::Known(lead) => ("joined", lead),
        };
        outcome.states[place] = state;
        outcome.leads[place] = Some(lead.0);
    }
    sql::insert_rows(tx, id, &outcome).await?;
    let done = row.done + i32::try_from(outcome.rows.len()).unwrap_or(0);
    sql::progress(tx, id, done).await?;
    imports::tell(tx, id);
    Ok(done < row.rows)
}

/// Takes an import back, but for the leads that somebody has touched.
#[derive(Debug, Serialize, Deserialize)]
pub struct UndoImport {
    pub import: Uuid,
}

impl Job<App> for UndoImport {
    const KIND: &'static str = "undo_import";
    const PRIORITY: i16 = 150;

    fn key(&self) -> Option<String> {
        Some(self.import.to_string())
    }

    async fn run(self, context: Context<App>) -> Result<(), Failure> {
        let organization = context.organization()?;
        let batch = async |tx: &mut Tx| take_back(tx, self.import).await;
        while context.app.db.write(organization, Actor::System, batch).await? {}
        Ok(())
    }
}

async fn take_back(tx: &mut Tx, id: Uuid) -> Result<bool> {
    if sql::lock(tx, id).await?.is_none_or(|row| row.state != "undoing") {
        return Ok(false);
    }
    let made = sql::made(tx, id, i64::try_from(BATCH).unwrap_or(200)).await?;
    if made.is_empty() {
        sql::undone(tx, id).await?;
        imports::tell(tx, id);
        return Ok(false);
    }
    let removed = leads::take_back(tx, &made).await?;
    sql::taken_back(tx, id, &made, &removed).await?;
    Ok(true)
}
