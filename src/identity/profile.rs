//! A person's name, language and number.

use super::{
    plausible_name,
    session::Live,
    sql::{self, own},
    told,
};
use crate::{
    app::App,
    audit::Action,
    db::{Actor, Directory},
    error::{Error, Result},
    organizations::{self, Locale},
    outbox::{self, Event, Topic},
    types::{
        country::Country,
        ids::{OrganizationId, UserId},
        phone::Phone,
    },
};

/// What a person changes of themselves; what is `None` stays.
pub(super) struct Change {
    pub locale: Option<Locale>,
    pub name: Option<String>,
    /// `Some(None)` takes it away.
    pub phone: Option<Option<String>>,
}

/// Changes what is given. A new name is told to the teams that know the old one.
pub(super) async fn change(app: &App, live: &Live, change: Change) -> Result<()> {
    let (user, name) = (live.user, change.name.as_deref().map(plausible_name).transpose()?);
    let organizations = app
        .db
        .directory(async |directory| {
            if let Some(locale) = change.locale {
                sql::set_locale(directory, user, locale.as_str()).await?;
            }
            if let Some(phone) = &change.phone {
                let phone = match phone.as_deref().map(str::trim).filter(|text| !text.is_empty()) {
                    Some(text) => Some(mobile(directory, live, text).await?),
                    None => None,
                };
                let sealed = phone.map(|phone| directory.seal("users", "phone", user.0, phone.as_str())).transpose()?;
                own::set_phone(directory, user, sealed.as_ref()).await?;
                changed(directory, live, "phone").await?;
            }
            let Some(name) = name else { return Ok(Vec::new()) };
            let sealed = directory.seal("users", "name", user.0, name)?;
            own::set_name(directory, user, &sealed).await?;
            changed(directory, live, "name").await
        })
        .await?;
    tell(app, user, organizations).await
}

/// A number that takes text messages; without a country code it is one of the organization's country.
async fn mobile(directory: &mut Directory, live: &Live, text: &str) -> Result<Phone> {
    let organization = match live.organization {
        Some(id) => organizations::find(directory, id).await?,
        None => None,
    };
    let country = organization.map_or(Country::NORWAY, |organization| organization.country);
    let phone = Phone::parse(text, country).map_err(|why| Error::invalid("phone", "phone_invalid", why.to_string()))?;
    if !phone.takes_sms() {
        return Err(Error::invalid("phone", "phone_not_mobile", "Text messages go to mobile numbers only."));
    }
    Ok(phone)
}

/// Writes into the trails that this of the person is another now; whose teams are to look again.
pub(super) async fn changed(
    directory: &mut Directory,
    live: &Live,
    field: &'static str,
) -> Result<Vec<OrganizationId>> {
    let entry = Action::ProfileChanged.on(live.user).with("field", field);
    told::tell_everywhere(directory, live.by(), live.user, &entry).await
}

/// Has every team that this person is in look again.
pub(super) async fn tell(app: &App, user: UserId, organizations: Vec<OrganizationId>) -> Result<()> {
    for organization in organizations {
        app.db
            .write(organization, Actor::User(user), async |tx| {
                outbox::record(tx, Event::ListChanged { topic: Topic::Team, id: user.0 });
                Ok(())
            })
            .await?;
    }
    Ok(())
}
