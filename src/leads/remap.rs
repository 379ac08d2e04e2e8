//! What a person answered, put into other places: the business changed where the questions of a form go.

use serde_json::json;

use super::{Person, sql, told::Told, work};
use crate::{
    db::Tx,
    error::{Error, Result},
    types::ids::LeadId,
};

/// Whether nobody corrected it by hand, and one submission made it: what a person typed over, or several forms made together, stays.
pub async fn is_untouched(tx: &mut Tx, id: LeadId) -> Result<bool> {
    let Some(row) = sql::row(tx, id).await? else { return Ok(false) };
    Ok(row.enquiry_count == 1 && !sql::was_edited(tx, id).await?)
}

/// Puts the answers of an untouched lead where they belong now. Tells whether anything changed.
pub async fn remap(tx: &mut Tx, id: LeadId, person: &Person) -> Result<bool> {
    let mut row = match sql::lock(tx, id).await {
        Err(Error::NotFound) => return Ok(false),
        found => found?,
    };
    if !is_untouched(tx, id).await? {
        return Ok(false);
    }
    let known = row.person(tx)?;
    let fields: Vec<&str> = [
        ("full_name", known.full_name != person.full_name),
        ("phone", known.phone != person.phone || known.phone_given != person.phone_given),
        ("email", known.email != person.email),
        ("postal_code", known.postal_code != person.postal_code),
        ("city", known.city != person.city),
        ("service", known.service != person.service),
        ("message", known.message != person.message),
        ("answers", known.answers != person.answers),
    ]
    .into_iter()
    .filter_map(|(name, differs)| differs.then_some(name))
    .collect();
    if fields.is_empty() {
        return Ok(false);
    }
    row.set_person(tx, person)?;
    work::save(tx, row, Some(person), Told::Remapped, json!({ "fields": fields })).await?;
    Ok(true)
}
