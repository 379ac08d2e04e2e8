//! A file of leads, taken in once its owner has seen what would become of each row; and taken back whole, where nobody has touched them since.
//!
//! Life: *draft* → running → done → undoing → undone. Invariants: the file is sealed, and deleted after thirty days; a row is taken in once,
//! whatever happens to the worker; an old lead that is filed is neither late nor rings anybody's phone.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    import_rows::{Column, ImportPlan, Reader, RowError},
    rows_sql as sql, table,
};
use crate::{
    app::App,
    audit::{self, Action},
    campaigns,
    db::Tx,
    error::{Error, Result},
    integrations::ReadLead,
    jobs,
    leads::{self, Clock, NewLead, Outlook},
    outbox::{self, Event, Topic},
    types::ids::{CampaignId, LeadId, UserId, new_uuid},
};

pub(super) const TABLE: &str = "lead_imports";
pub const LARGEST: usize = 5 * 1024 * 1024;
/// Rows that a check shows as they would be read, and that it tells to be wrong.
const SHOWN: usize = 8;
const TOLD: usize = 100;
/// So long the file is kept.
pub(super) const FILE_KEPT: TimeDelta = TimeDelta::days(30);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ImportState {
    Draft,
    Running,
    Done,
    Undoing,
    Undone,
}

/// A column of the file.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ImportColumn {
    pub header: String,
    /// Where it goes by itself.
    pub guess: Column,
}

/// An import.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Import {
    pub id: Uuid,
    pub state: ImportState,
    pub created_at: DateTime<Utc>,
    #[schema(required = true)]
    pub created_by: Option<UserId>,
    /// As it was read: `UTF-8`, `windows-1252` …
    pub encoding: String,
    /// One character.
    pub delimiter: String,
    pub rows: i32,
    /// Rows that were gone through.
    pub done: i32,
    pub imported: i32,
    /// One more enquiry of somebody who was here.
    pub joined: i32,
    pub invalid: i32,
    /// Of an import that was taken back: leads that stayed, since somebody has touched them.
    pub kept: i32,
    /// The first hundred of them.
    pub kept_leads: Vec<LeadId>,
    /// Empty once the file is deleted, after thirty days.
    pub columns: Vec<ImportColumn>,
}

/// A row that would join somebody who is here.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct RowJoin {
    pub row: i32,
    pub lead_id: LeadId,
}

/// What would happen. Nothing did.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ImportCheck {
    pub new: i32,
    pub joined: i32,
    pub invalid: i32,
    /// Of those that are new, how many would be filed without a due time.
    pub filed: i32,
    /// The first hundred.
    pub errors: Vec<RowError>,
    /// The first hundred.
    pub joins: Vec<RowJoin>,
    /// The first rows as they would be read.
    pub sample: Vec<ReadLead>,
}

/// Takes a file in, to be looked at. 422 for what is no table.
pub async fn upload(tx: &mut Tx, by: UserId, bytes: &[u8]) -> Result<Import> {
    let (text, encoding) = table::decode(bytes);
    let delimiter = table::delimiter(&text);
    let read = table::read(&text, delimiter)
        .map_err(|reason| Error::invalid("file", reason, "A table with a row of headers, and at most 20,000 rows."))?;
    let id = new_uuid(tx.now());
    let sealed = tx.seal(TABLE, "file", id, &text)?;
    let rows = i32::try_from(read.rows.len()).map_err(Error::internal)?;
    sql::insert(tx, id, by, sealed, (encoding, &char::from(delimiter).to_string()), rows).await?;
    audit::record(tx, Action::ImportUploaded.on(id).with("rows", rows));
    find(tx, id).await
}

pub async fn all(tx: &mut Tx) -> Result<Vec<Import>> {
    let rows = sql::imports(tx, None).await?;
    rows.into_iter().map(|row| present(tx, &row)).collect()
}

pub async fn find(tx: &mut Tx, id: Uuid) -> Result<Import> {
    let row = row(tx, id).await?;
    Ok(Import { kept_leads: sql::kept(tx, id).await?, ..present(tx, &row)? })
}

async fn row(tx: &mut Tx, id: Uuid) -> Result<sql::ImportRow> {
    sql::imports(tx, Some(id)).await?.into_iter().next().ok_or(Error::NotFound)
}

fn present(tx: &Tx, row: &sql::ImportRow) -> Result<Import> {
    let columns = match file(tx, row)? {
        Some(file) => {
            file.headers.into_iter().map(|header| ImportColumn { guess: Column::guess(&header), header }).collect()
        }
        None => Vec::new(),
    };
    Ok(Import {
        id: row.id,
        state: serde_json::from_value(row.state.clone().into())?,
        created_at: row.created_at,
        created_by: row.created_by.map(UserId),
        encoding: row.encoding.clone(),
        delimiter: row.delimiter.clone(),
        rows: row.rows,
        done: row.done,
        imported: row.imported,
        joined: row.joined,
        invalid: row.invalid,
        kept: row.kept,
        kept_leads: Vec::new(),
        columns,
    })
}

/// The file, where it is not deleted.
pub(super) fn file(tx: &Tx, row: &sql::ImportRow) -> Result<Option<table::Table>> {
    let Some(text) = tx.open_some(TABLE, "file", row.id, row.file.as_ref())? else { return Ok(None) };
    let delimiter = row.delimiter.bytes().next().unwrap_or(b',');
    table::read(&text, delimiter).map(Some).map_err(Error::internal)
}

/// Says what would happen to each row.
pub async fn check(tx: &mut Tx, id: Uuid, plan: &ImportPlan) -> Result<ImportCheck> {
    let row = row(tx, id).await?;
    let file = file(tx, &row)?.ok_or_else(file_gone)?;
    check_plan(&file, plan)?;
    let reader = Reader::new(tx, &file.headers, plan).await?;
    let mut check = ImportCheck {
        new: 0,
        joined: 0,
        invalid: 0,
        filed: 0,
        errors: Vec::new(),
        joins: Vec::new(),
        sample: Vec::new(),
    };
    let (mut numbers, mut new) = (Vec::new(), Vec::<NewLead>::new());
    for (number, cells) in (1..).zip(&file.rows) {
        match reader.read(number, cells)? {
            Ok(read) => {
                numbers.push((number, read.new.clock == Clock::None));
                new.push(read.new);
                if check.sample.len() < SHOWN {
                    check.sample.push(reader.sample(cells)?);
                }
            }
            Err(error) => {
                check.invalid += 1;
                if check.errors.len() < TOLD {
                    check.errors.push(error);
                }
            }
        }
    }
    for ((number, is_filed), outlook) in numbers.into_iter().zip(leads::outlook(tx, new).await?) {
        match outlook {
            Outlook::New => {
                check.new += 1;
                check.filed += i32::from(is_filed);
            }
            Outlook::Joins(lead) => {
                check.joined += 1;
                if let Some(lead_id) = lead
                    && check.joins.len() < TOLD
                {
                    check.joins.push(RowJoin { row: number, lead_id });
                }
            }
        }
    }
    Ok(check)
}

fn check_plan(file: &table::Table, plan: &ImportPlan) -> Result<()> {
    match plan.columns.keys().find(|header| !file.headers.contains(header)) {
        Some(_) => Err(Error::invalid("columns", "column_unknown", "The file has no such column.")),
        None => Ok(()),
    }
}

fn file_gone() -> Error {
    Error::conflict("file_gone", "The file is deleted.")
}

/// Begins to take it in.
pub async fn start(tx: &mut Tx, id: Uuid, plan: &ImportPlan) -> Result<Import> {
    let row = row(tx, id).await?;
    let file = file(tx, &row)?.ok_or_else(file_gone)?;
    check_plan(&file, plan)?;
    if !sql::begin(tx, id, serde_json::to_value(plan)?).await? {
        return Err(Error::conflict("not_a_draft", "It was begun already."));
    }
    jobs::enqueue::<App, _>(tx, &super::RunImport { import: id }).await?;
    audit::record(tx, Action::ImportStarted.on(id).with("calling", plan.calling));
    tell(tx, id);
    find(tx, id).await
}

/// Takes back what nobody has touched since.
pub async fn undo(tx: &mut Tx, id: Uuid) -> Result<Import> {
    row(tx, id).await?;
    if !sql::begin_undo(tx, id).await? {
        return Err(Error::conflict("not_done", "It is not done, or was taken back."));
    }
    jobs::enqueue::<App, _>(tx, &super::UndoImport { import: id }).await?;
    audit::record(tx, Action::ImportUndone.on(id));
    tell(tx, id);
    find(tx, id).await
}

pub(super) fn tell(tx: &mut Tx, id: Uuid) {
    outbox::record(tx, Event::ListChanged { topic: Topic::Imports, id });
}

/// The rows that could not be taken in, as they stood in the file, with what is wrong. No cell is a formula.
pub async fn errors(tx: &mut Tx, id: Uuid) -> Result<Vec<u8>> {
    let row = row(tx, id).await?;
    let file = file(tx, &row)?.ok_or_else(file_gone)?;
    let mut writer = csv::Writer::from_writer(Vec::from("\u{feff}"));
    let first = ["row", "field", "reason"].into_iter().map(str::to_owned);
    let record = |cells: &mut dyn Iterator<Item = String>| cells.map(|cell| table::guarded(&cell)).collect::<Vec<_>>();
    writer.write_record(record(&mut first.chain(file.headers.iter().cloned()))).map_err(Error::internal)?;
    for error in sql::errors(tx, id).await? {
        let at = usize::try_from(error.row - 1).map_err(Error::internal)?;
        let cells = file.rows.get(at).cloned().unwrap_or_default();
        let first = [error.row.to_string(), error.field.unwrap_or_default(), error.reason];
        writer.write_record(record(&mut first.into_iter().chain(cells))).map_err(Error::internal)?;
    }
    writer.into_inner().map_err(Error::internal)
}

/// The campaign of a file's row, by its name.
pub(super) async fn campaign(tx: &mut Tx, name: &str) -> Result<CampaignId> {
    campaigns::ensure(tx, "import", name, Some(name)).await
}
