//! All the SQL of the lead tables.

mod beside;
mod capture;
mod lists;
mod past;
mod queue;
mod score;

use chrono::{DateTime, Utc};
use uuid::Uuid;

pub(super) use beside::{
    add_tokens, consents, history, insert_history, insert_note, later_answers, replace_tokens, reseal_beside,
    trace_first_attempt, was_edited,
};
pub(super) use capture::{delete_untouched, grounds, insert_enquiry, insert_leads, lock_submissions, open_lead};
pub(super) use lists::{counts, found, ids_after, newest, next_due, open_ids_of};
pub(super) use past::{has_leads, insert_past};
pub(super) use queue::{enqueue, in_hand, queued, wait_no_more};
pub(super) use score::{best, latest, lock_all, save_scoring, scoring, set_scores};

use super::{Answer, Status, capture::Person};
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
    pub score: i16,
    pub assignee_id: Option<Uuid>,
    pub claimed_at: Option<DateTime<Utc>>,
    pub attempt_count: i32,
    pub first_attempt_at: Option<DateTime<Utc>>,
    pub last_attempt_at: Option<DateTime<Utc>>,
    pub first_contact_at: Option<DateTime<Utc>>,
    pub last_contact_at: Option<DateTime<Utc>>,
    pub snoozed_until: Option<DateTime<Utc>>,
    pub response_seconds: Option<i32>,
    pub response_business_seconds: Option<i32>,
    pub opens_at: Option<DateTime<Utc>>,
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
                      meta_lead_id, campaign_id, form_id, adset_name, ad_name, is_test, is_organic, enquiry_count, score, assignee_id, claimed_at,
                      attempt_count, first_attempt_at, last_attempt_at, first_contact_at, last_contact_at, snoozed_until, response_seconds,
                      response_business_seconds, opens_at, due_at, next_at,
                      created_at, received_at, updated_at from leads "# + $rest,
            $($argument),*
        )
    };
}

use select_rows;

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

/// Writes all that a verb may have changed.
pub(super) async fn update(tx: &mut Tx, row: &Row) -> Result<()> {
    sqlx::query!(
        "update leads set version = $2, status = $3, lost_reason = $4, full_name = $5, phone = $6, phone_given = $7, email = $8, message = $9, answers = $10,
                          postal_code = $11, city = $12, service = $13, enquiry_count = $14, assignee_id = $15, claimed_at = $16, attempt_count = $17,
                          first_attempt_at = $18, last_attempt_at = $19, first_contact_at = $20, last_contact_at = $21, snoozed_until = $22, next_at = $23,
                          updated_at = $24, response_seconds = $25, response_business_seconds = $26, opens_at = $27, due_at = $28,
                          score = $29, queued_at = case when $15::uuid is null then queued_at end
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
        row.updated_at,
        row.response_seconds,
        row.response_business_seconds,
        row.opens_at,
        row.due_at,
        row.score
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
