//! A person's name and language.

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
    error::Result,
    organizations::Locale,
    outbox::{self, Event, Topic},
    types::ids::{OrganizationId, UserId},
};

/// Changes what is given. A new name is told to the teams that know the old one.
pub(super) async fn change(app: &App, live: &Live, locale: Option<Locale>, name: Option<&str>) -> Result<()> {
    let (user, name) = (live.user, name.map(plausible_name).transpose()?);
    let organizations = app
        .db
        .directory(async |directory| {
            if let Some(locale) = locale {
                sql::set_locale(directory, user, locale.as_str()).await?;
            }
            let Some(name) = name else { return Ok(Vec::new()) };
            let sealed = directory.seal("users", "name", user.0, name)?;
            own::set_name(directory, user, &sealed).await?;
            changed(directory, live, "name").await
        })
        .await?;
    tell(app, user, organizations).await
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
