//! All the SQL of the lead tables.

mod beside;
mod lists;

use chrono::{DateTime, Utc};
use uuid::Uuid;

pub(super) use beside::{
    add_tokens, consents, history, insert_beside_lead, insert_consents, insert_enquiry, insert_history, insert_note,
    later_answers, replace_tokens, reseal_beside, trace_first_attempt,
};
pub(super) use lists::{counts, ids_after, newest, next_due};

use super::{
    Answer, Status,
    capture::{NewLead, Person},
};
use crate::{
    db::{Tx, seal::Sealed},
    error::{Error, Result},
    types::{ids::LeadId, phone::Phone},
};

const TABLE: &str = "leads";

/// A row of `leads`, sealed fields sealed.
#[derive(Debug)]
pub(super) struct Row {
    pub id: Uuid,
    pub version: i32,
    pub status: String,
    pub lost_reason: Option<String>,
    full_name: Option<Sealed>,
    phone: Option<Sealed>,
    phone_given: Option<Sealed>,
    email: Option<Sealed>,
    message: Option<Sealed>,
    answers: Option<Sealed>,
    pub postal_code: Option<String>,
    pub city: Option<String>,
    pub service: Option<String>,
    pub source: String,
    pub platform: Option<String>,
    pub meta_lead_id: Option<String>,
    pub campaign_id: Option<Uuid>,
    pub form_id: Option<Uuid>,
    pub adset_name: Option<String>,
    pub ad_name: Option<String>,
    pub is_test: bool,
    pub is_organic: bool,
    pub enquiry_count: i32,
    pub assignee_id: Option<Uuid>,
    pub claimed_at: Option<DateTime<Utc>>,
    pub attempt_count: i32,
    pub first_attempt_at: Option<DateTime<Utc>>,
    pub last_attempt_at: Option<DateTime<Utc>>,
    pub first_contact_at: Option<DateTime<Utc>>,
    pub last_contact_at: Option<DateTime<Utc>>,
    pub snoozed_until: Option<DateTime<Utc>>,
    pub due_at: Option<DateTime<Utc>>,
    pub next_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
    pub received_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// `select` of a [`Row`], with what follows `from leads`.
macro_rules! select_rows {
    ($rest:literal, $($argument:expr),*) => {
        sqlx::query_as!(
            Row,
            r#"select id, version, status, lost_reason, full_name as "full_name: Sealed", phone as "phone: Sealed", phone_given as "phone_given: Sealed",
                      email as "email: Sealed", message as "message: Sealed", answers as "answers: Sealed", postal_code, city, service, source, platform,
                      meta_lead_id, campaign_id, form_id, adset_name, ad_name, is_test, is_organic, enquiry_count, assignee_id, claimed_at,
                      attempt_count, first_attempt_at, last_attempt_at, first_contact_at, last_contact_at, snoozed_until, due_at, next_at,
                      created_at, received_at, updated_at from leads "# + $rest,
            $($argument),*
        )
    };
}

impl Row {
    pub(super) fn id(&self) -> LeadId {
        LeadId(self.id)
    }

    pub(super) fn status(&self) -> Result<Status> {
        self.status.parse()
    }

    pub(super) fn answers(&self, tx: &Tx) -> Result<Vec<Answer>> {
        match tx.open_some(TABLE, "answers", self.id, self.answers.as_ref())? {
            Some(text) => Ok(serde_json::from_str(&text)?),
            None => Ok(Vec::new()),
        }
    }

    pub(super) fn person_without_answers(&self, tx: &Tx) -> Result<Person> {
        let open = |column, sealed: &Option<Sealed>| tx.open_some(TABLE, column, self.id, sealed.as_ref());
        let phone =
            open("phone", &self.phone)?.map(|text| Phone::from_e164(&text)).transpose().map_err(Error::internal)?;
        Ok(Person {
            full_name: open("full_name", &self.full_name)?,
            phone,
            phone_given: open("phone_given", &self.phone_given)?,
            email: open("email", &self.email)?,
            message: open("message", &self.message)?,
            postal_code: self.postal_code.clone(),
            city: self.city.clone(),
            service: self.service.clone(),
            answers: Vec::new(),
        })
    }

    pub(super) fn person(&self, tx: &Tx) -> Result<Person> {
        Ok(Person { answers: self.answers(tx)?, ..self.person_without_answers(tx)? })
    }

    /// Seals the person into the row.
    pub(super) fn set_person(&mut self, tx: &Tx, person: &Person) -> Result<()> {
        let sealed = SealedPerson::seal(tx, TABLE, self.id, person)?;
        self.full_name = sealed.full_name;
        self.phone = sealed.phone;
        self.phone_given = sealed.phone_given;
        self.email = sealed.email;
        self.message = sealed.message;
        self.answers = sealed.answers;
        self.postal_code.clone_from(&person.postal_code);
        self.city.clone_from(&person.city);
        self.service.clone_from(&person.service);
        Ok(())
    }
}

/// The sealed fields of a person, for one row.
struct SealedPerson {
    full_name: Option<Sealed>,
    phone: Option<Sealed>,
    phone_given: Option<Sealed>,
    email: Option<Sealed>,
    message: Option<Sealed>,
    answers: Option<Sealed>,
}

impl SealedPerson {
    fn seal(tx: &Tx, table: &'static str, row: Uuid, person: &Person) -> Result<Self> {
        let seal = |column, text: Option<&str>| tx.seal_some(table, column, row, text);
        Ok(Self {
            full_name: seal("full_name", person.full_name.as_deref())?,
            phone: seal("phone", person.phone.as_ref().map(Phone::as_str))?,
            phone_given: seal("phone_given", person.phone_given.as_deref())?,
            email: seal("email", person.email.as_deref())?,
            message: seal("message", person.message.as_deref())?,
            answers: sealed_answers(tx, table, row, &person.answers)?,
        })
    }
}

fn sealed_answers(tx: &Tx, table: &'static str, row: Uuid, answers: &[Answer]) -> Result<Option<Sealed>> {
    if answers.is_empty() {
        return Ok(None);
    }
    tx.seal(table, "answers", row, &serde_json::to_string(answers)?).map(Some)
}

fn bytes(sealed: &Option<Sealed>) -> Option<&[u8]> {
    sealed.as_ref().map(|sealed| sealed.0.as_slice())
}

pub(super) async fn row(tx: &mut Tx, id: LeadId) -> Result<Option<Row>> {
    Ok(select_rows!("where id = $1", id.0).fetch_optional(tx.conn()).await?)
}

pub(super) async fn rows(tx: &mut Tx, ids: &[Uuid]) -> Result<Vec<Row>> {
    Ok(select_rows!("where id = any($1)", ids).fetch_all(tx.conn()).await?)
}

/// Locks a row until the transaction ends.
pub(super) async fn lock(tx: &mut Tx, id: LeadId) -> Result<Row> {
    select_rows!("where id = $1 for update", id.0).fetch_optional(tx.conn()).await?.ok_or(Error::NotFound)
}

/// Waits for whoever is storing this submission, or another of the same person, right now.
pub(super) async fn lock_submission(tx: &mut Tx, meta_lead_id: Option<&str>, tokens: &[Vec<u8>]) -> Result<()> {
    let organization = tx.organization().0;
    let mut names: Vec<Vec<u8>> = tokens.to_vec();
    names.extend(meta_lead_id.map(|id| id.as_bytes().to_vec()));
    if names.is_empty() {
        return Ok(());
    }
    // In the order of the keys, so that two of them never wait for each other.
    sqlx::query!(
        "select pg_advisory_xact_lock(key) from (
             select distinct hashtextextended($1::uuid::text || encode(name, 'hex'), 0) as key from unnest($2::bytea[]) as name order by 1) as keys",
        organization,
        &names
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(())
}

pub(super) async fn lead_of_submission(tx: &mut Tx, meta_lead_id: &str) -> Result<Option<LeadId>> {
    let id = sqlx::query_scalar!("select lead_id from lead_enquiries where meta_lead_id = $1", meta_lead_id)
        .fetch_optional(tx.conn())
        .await?;
    Ok(id.map(LeadId))
}

/// The newest open lead that has one of these tokens.
pub(super) async fn open_lead_of(tx: &mut Tx, tokens: &[Vec<u8>]) -> Result<Option<LeadId>> {
    if tokens.is_empty() {
        return Ok(None);
    }
    // From the tokens to the leads, whatever the planner believes: without `offset 0` a plan for any tokens walks all of the
    // organization's leads, newest first, until it meets one that has a token. A new person has none.
    let id = sqlx::query_scalar!(
        r#"select leads.id as "id!" from unnest($1::bytea[]) as wanted(token)
           cross join lateral (select lead_id from lead_tokens where lead_tokens.token = wanted.token offset 0) as named
           cross join lateral (select id, created_at, status, is_test from leads where leads.id = named.lead_id offset 0) as leads
           where leads.status in ('new', 'contacted', 'no_answer', 'scheduled') and not leads.is_test
           order by leads.created_at desc limit 1"#,
        tokens
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(id.map(LeadId))
}

pub(super) async fn insert_lead(tx: &mut Tx, id: LeadId, new: &NewLead, due_at: DateTime<Utc>) -> Result<()> {
    let sealed = SealedPerson::seal(tx, TABLE, id.0, &new.person)?;
    let now = tx.now();
    sqlx::query!(
        "insert into leads (id, full_name, phone, phone_given, email, message, answers, postal_code, city, service, source, platform, meta_lead_id,
                            campaign_id, form_id, adset_id, adset_name, ad_id, ad_name, is_test, is_organic, due_at, next_at, created_at, received_at, updated_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $22, $23, $24, $25)",
        id.0,
        bytes(&sealed.full_name),
        bytes(&sealed.phone),
        bytes(&sealed.phone_given),
        bytes(&sealed.email),
        bytes(&sealed.message),
        bytes(&sealed.answers),
        new.person.postal_code,
        new.person.city,
        new.person.service,
        new.source,
        new.platform,
        new.meta_lead_id,
        new.campaign.map(|id| id.0),
        new.form.map(|id| id.0),
        new.adset.0,
        new.adset.1,
        new.ad.0,
        new.ad.1,
        new.is_test,
        new.is_organic,
        due_at,
        new.created_at,
        new.received.received_at,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Writes all that a verb may have changed.
pub(super) async fn update(tx: &mut Tx, row: &Row) -> Result<()> {
    sqlx::query!(
        "update leads set version = $2, status = $3, lost_reason = $4, full_name = $5, phone = $6, phone_given = $7, email = $8, message = $9, answers = $10,
                          postal_code = $11, city = $12, service = $13, enquiry_count = $14, assignee_id = $15, claimed_at = $16, attempt_count = $17,
                          first_attempt_at = $18, last_attempt_at = $19, first_contact_at = $20, last_contact_at = $21, snoozed_until = $22, next_at = $23,
                          updated_at = $24
         where id = $1",
        row.id,
        row.version,
        row.status,
        row.lost_reason,
        bytes(&row.full_name),
        bytes(&row.phone),
        bytes(&row.phone_given),
        bytes(&row.email),
        bytes(&row.message),
        bytes(&row.answers),
        row.postal_code,
        row.city,
        row.service,
        row.enquiry_count,
        row.assignee_id,
        row.claimed_at,
        row.attempt_count,
        row.first_attempt_at,
        row.last_attempt_at,
        row.first_contact_at,
        row.last_contact_at,
        row.snoozed_until,
        row.next_at,
        row.updated_at
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
