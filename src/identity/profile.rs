//! A person's name and language.

use super::{
    plausible_name,
    sql::{self, own, team},
};
use crate::{
    app::App,
    audit::{self, Action},
    db::Actor,
    error::Result,
    organizations::Locale,
    outbox::{self, Event, Topic},
    types::ids::{OrganizationId, UserId},
};

/// Changes what is given. A new name is told to the teams that know the old one.
pub(super) async fn change(app: &App, user: UserId, locale: Option<Locale>, name: Option<&str>) -> Result<()> {
    let name = name.map(plausible_name).transpose()?;
    let organizations = app
        .db
        .directory(async |directory| {
            if let Some(locale) = locale {
                sql::set_locale(directory, user, locale.as_str()).await?;
            }
            let Some(name) = name else { return Ok(Vec::new()) };
            let sealed = directory.seal("users", "name", user.0, name)?;
            own::set_name(directory, user, &sealed).await?;
            team::organizations_of(directory.conn(), user).await
        })
        .await?;
    tell(app, user, organizations, "name").await
}

/// Has every team that this person is in look again.
pub(super) async fn tell(
    app: &App,
    user: UserId,
    organizations: Vec<OrganizationId>,
    field: &'static str,
) -> Result<()> {
    for organization in organizations {
        app.db
            .write(organization, Actor::User(user), async |tx| {
                audit::record(tx, Action::ProfileChanged.on(user).with("field", field));
                outbox::record(tx, Event::ListChanged { topic: Topic::Team, id: user.0 });
                Ok(())
            })
            .await?;
    }
    Ok(())
}
