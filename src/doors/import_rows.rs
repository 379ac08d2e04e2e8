//! A row of a file as a lead: which column is what, when the person asked, and whether somebody is to call.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, NaiveDateTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::payload;
use crate::{
    db::Tx,
    error::{Error, Result},
    integrations::{
        self, ReadLead,
        mapping::{self, Overrides, Target},
    },
    leads::{Clock, NewLead},
    organizations::{self, Organization},
    providers::meta::Field,
};

/// What is older is filed unless somebody says otherwise.
const OLD: TimeDelta = TimeDelta::days(1);

/// Where a column goes: the places of a lead, and what only a file has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Column {
    FullName,
    FirstName,
    LastName,
    Phone,
    Email,
    PostalCode,
    City,
    Service,
    Message,
    Consent,
    Answer,
    Ignore,
    /// When the person asked.
    CreatedAt,
    /// Meta's id of the lead: one that is here already stays one.
    MetaId,
    Campaign,
}

impl Column {
    fn target(self) -> Option<Target> {
        Some(match self {
            Self::FullName => Target::FullName,
            Self::FirstName => Target::FirstName,
            Self::LastName => Target::LastName,
            Self::Phone => Target::Phone,
            Self::Email => Target::Email,
            Self::PostalCode => Target::PostalCode,
            Self::City => Target::City,
            Self::Service => Target::Service,
            Self::Message => Target::Message,
            Self::Consent => Target::Consent,
            Self::Answer => Target::Answer,
            Self::Ignore => Target::Ignore,
            Self::CreatedAt | Self::MetaId | Self::Campaign => return None,
        })
    }

    fn of(target: Target) -> Self {
        match target {
            Target::FullName => Self::FullName,
            Target::FirstName => Self::FirstName,
            Target::LastName => Self::LastName,
            Target::Phone => Self::Phone,
            Target::Email => Self::Email,
            Target::PostalCode => Self::PostalCode,
            Target::City => Self::City,
            Target::Service => Self::Service,
            Target::Message => Self::Message,
            Target::Consent => Self::Consent,
            Target::Answer => Self::Answer,
            Target::Ignore => Self::Ignore,
        }
    }

    /// By its header: in four languages, and as Meta's own export writes it.
    pub(super) fn guess(header: &str) -> Self {
        match mapping::normalize(header).as_str() {
            "createdtime" | "createdat" | "created" | "date" | "dato" | "opprettet" | "datum" | "erstellt"
            | "erstelltam" | "aangemaakt" | "timestamp" | "tidspunkt" | "zeitstempel" => Self::CreatedAt,
            "id" | "leadid" | "leadgenid" => Self::MetaId,
            "campaignname" | "campaign" | "kampanje" | "kampagne" | "campagne" => Self::Campaign,
            "adid" | "adname" | "adsetid" | "adsetname" | "campaignid" | "formid" | "formname" | "isorganic"
            | "platform" | "inboxurl" | "leadstatus" => Self::Ignore,
            _ => payload::guess(header).map_or(Self::Answer, Self::of),
        }
    }
}

/// Whether somebody is to call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Calling {
    /// Those that are younger than a day; the others are filed.
    #[default]
    Auto,
    /// All: their time runs from now on, and everybody is alerted as of any lead.
    Call,
    /// None: they stand behind all that wait.
    File,
}

/// Where the columns go. One that is not named goes where it goes by itself.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ImportPlan {
    #[serde(default)]
    #[schema(value_type = std::collections::HashMap<String, Column>)]
    pub columns: BTreeMap<String, Column>,
    #[serde(default)]
    pub calling: Calling,
}

/// What is wrong with a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RowError {
    /// From 1, without the header.
    pub row: i32,
    /// The column.
    #[schema(required = true)]
    pub field: Option<String>,
    /// A stable word: `no_contact`, `phone_invalid`, `date_invalid`.
    pub reason: String,
}

/// What reading a row takes.
pub(super) struct Reader {
    organization: Organization,
    zone: Tz,
    columns: Vec<(String, Column)>,
    overrides: Overrides,
    calling: Calling,
    now: DateTime<Utc>,
}

/// A row as it is read.
pub(super) struct ReadRow {
    pub new: NewLead,
    pub campaign: Option<String>,
}

impl Reader {
    pub async fn new(tx: &mut Tx, headers: &[String], plan: &ImportPlan) -> Result<Self> {
        let organization = organizations::current(tx).await?;
        let zone = organization.time_zone.parse().map_err(Error::internal)?;
        let column = |header: &String| plan.columns.get(header).copied().unwrap_or_else(|| Column::guess(header));
        let columns: Vec<(String, Column)> = headers.iter().map(|header| (header.clone(), column(header))).collect();
        let overrides =
            columns.iter().filter_map(|(header, column)| Some((header.clone(), column.target()?))).collect();
        Ok(Self { organization, zone, columns, overrides, calling: plan.calling, now: tx.now() })
    }

    pub fn read(&self, number: i32, cells: &[String]) -> Result<std::result::Result<ReadRow, RowError>> {
        let wrong = |field: Option<&str>, reason: &str| RowError {
            row: number,
            field: field.map(str::to_owned),
            reason: reason.to_owned(),
        };
        let given = |wanted: Column| {
            let of = self.columns.iter().zip(cells).find(|((_, column), cell)| *column == wanted && !cell.is_empty());
            of.map(|((header, _), cell)| (header.as_str(), cell.as_str()))
        };
        let created_at = match given(Column::CreatedAt) {
            None => self.now,
            Some((header, text)) => {
                match moment(text, self.zone).filter(|at| *at <= self.now + TimeDelta::minutes(5)) {
                    Some(at) => at.min(self.now),
                    None => return Ok(Err(wrong(Some(header), "date_invalid"))),
                }
            }
        };
        let (lead, form) = payload::as_lead(self.fields(cells), created_at)?;
        let person = integrations::read_person(&lead, &form, &self.overrides, self.organization.country);
        if person.phone.is_none() && person.email.is_none() {
            let phone = given(Column::Phone).map(|(header, _)| header);
            let reason = if person.phone_given.is_some() { "phone_invalid" } else { "no_contact" };
            return Ok(Err(wrong(phone, reason)));
        }
        let consents = integrations::read_consents(&lead, &form, &self.overrides);
        let id = given(Column::MetaId).map(|(_, text)| text.trim_start_matches("l:"));
        let is_id = |id: &&str| (5..=40).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_digit());
        let new = NewLead {
            clock: self.clock(created_at),
            meta_lead_id: id.filter(is_id).map(str::to_owned),
            consents,
            created_at,
            ..NewLead::of("import", person, self.now)
        };
        let campaign = given(Column::Campaign).map(|(_, name)| name.chars().take(200).collect());
        Ok(Ok(ReadRow { new, campaign }))
    }

    fn clock(&self, created_at: DateTime<Utc>) -> Clock {
        match self.calling {
            Calling::Call => Clock::From(self.now),
            Calling::Auto if created_at > self.now - OLD => Clock::From(self.now),
            Calling::Auto | Calling::File => Clock::None,
        }
    }

    /// Meta's export writes `p:` before a number.
    fn fields(&self, cells: &[String]) -> Vec<Field> {
        let field = |((header, column), cell): (&(String, Column), &String)| {
            let cell = if *column == Column::Phone { cell.trim_start_matches("p:") } else { cell };
            let values = if cell.is_empty() { Vec::new() } else { vec![cell.to_owned()] };
            column.target().map(|_| Field { name: header.clone(), values })
        };
        // What was left empty is no answer in a file, where every row has every column.
        self.columns.iter().zip(cells).filter_map(field).filter(|field| !field.values.is_empty()).collect()
    }

    pub(super) fn sample(&self, cells: &[String]) -> Result<ReadLead> {
        let (lead, form) = payload::as_lead(self.fields(cells), self.now)?;
        Ok(integrations::read_lead(&lead, &form, &self.overrides, self.organization.country))
    }
}

/// A time as people write it; without a zone it is the business's.
fn moment(text: &str, zone: Tz) -> Option<DateTime<Utc>> {
    if let Ok(at) =
        DateTime::parse_from_rfc3339(text).or_else(|_| DateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%z"))
    {
        return Some(at.to_utc());
    }
    let times = [
        "%Y-%m-%d %H:%M:%S",
        "%Y-%m-%d %H:%M",
        "%Y-%m-%dT%H:%M:%S",
        "%d.%m.%Y %H:%M:%S",
        "%d.%m.%Y %H:%M",
        "%d/%m/%Y %H:%M",
        "%d-%m-%Y %H:%M",
    ];
    let dates = ["%Y-%m-%d", "%d.%m.%Y", "%d/%m/%Y", "%d-%m-%Y"];
    let time = times.iter().find_map(|format| NaiveDateTime::parse_from_str(text, format).ok());
    let date = || {
        dates
            .iter()
            .find_map(|format| NaiveDate::parse_from_str(text, format).ok())
            .and_then(|date| date.and_hms_opt(12, 0, 0))
    };
    let local =
        time.or_else(date).filter(|local| *local >= NaiveDate::from_ymd_opt(2000, 1, 1).unwrap_or_default().into())?;
    zone.from_local_datetime(&local).earliest().map(|at| at.to_utc())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_of_four_languages_and_of_metas_own_export_find_their_places() {
        for (column, headers) in [
            (Column::FullName, &["Name", "Navn", "full_name", "Naam"][..]),
            (Column::Phone, &["Telefon", "phone_number", "Mobil", "Telefoonnummer"]),
            (Column::Email, &["E-Mail", "epost", "email"]),
            (Column::PostalCode, &["PLZ", "Postnummer", "post_code", "Postcode"]),
            (Column::CreatedAt, &["created_time", "Dato", "Datum", "Created at"]),
            (Column::MetaId, &["id", "lead_id"]),
            (Column::Campaign, &["campaign_name", "Kampanje"]),
            (Column::Ignore, &["ad_id", "adset_name", "form_id", "is_organic", "platform"]),
            (Column::Answer, &["Wie alt ist das Dach?"]),
        ] {
            for header in headers {
                assert_eq!(Column::guess(header), column, "{header}");
            }
        }
    }

    #[test]
    fn times_are_read_as_people_write_them_in_the_businesss_zone() {
        let read = |text| {
            moment(text, chrono_tz::Europe::Oslo).map(|at| at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true))
        };
        for (text, at) in [
            ("2026-01-20T09:30:00+0100", "2026-01-20T08:30:00Z"),
            ("2026-01-20T08:30:00Z", "2026-01-20T08:30:00Z"),
            ("2026-07-20 09:30", "2026-07-20T07:30:00Z"),
            ("20.01.2026 09:30", "2026-01-20T08:30:00Z"),
            ("20.01.2026", "2026-01-20T11:00:00Z"),
            ("20/01/2026", "2026-01-20T11:00:00Z"),
        ] {
            assert_eq!(read(text).as_deref(), Some(at), "{text}");
        }
        for odd in ["", "soon", "32.01.2026", "0001-01-01", "20.01.26x"] {
            assert_eq!(read(odd), None, "{odd}");
        }
    }
}
