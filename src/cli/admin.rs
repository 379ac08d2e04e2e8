//! What an operator does on the command line: people, organizations, pages, keys, the graveyard.

use std::io::{IsTerminal, Read};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::TimeDelta;

use super::{Outcome, say, with_app};
use crate::{
    app::App,
    audit::{self, Action, ResealOrigins},
    db::{self, Actor, Directory, seal},
    error::Error,
    identity::{self, NewUser, Role},
    integrations::{self, IntroducePage},
    jobs,
    leads::Reseal,
    organizations::{self, NewOrganization, Organization},
    types::ids::{HOUSE, OrganizationId, QuarantineId},
};

/// Characters; a longer one of words is easier to keep than a short one of signs (NIST SP 800-63B).
const PASSWORD_LENGTH: usize = 12;

pub(super) fn create_user(
    email: String,
    name: String,
    slug: String,
    role: Role,
    new: Option<NewOrganization>,
) -> Outcome {
    let (password, made) = match secret("Password (empty: one is made)")? {
        text if text.is_empty() => (URL_SAFE_NO_PAD.encode(seal::random::<15>()), true),
        text => (text, false),
    };
    if password.chars().count() < PASSWORD_LENGTH {
        return Err(format!("The password needs at least {PASSWORD_LENGTH} characters."));
    }
    with_app(async |app| {
        let password_hash = identity::hash_password(app, password.clone()).await.map_err(say)?;
        let made_user = app.db.directory(async |directory| {
            let organization = match (organizations::by_slug(directory, &slug).await?, new) {
                (Some(known), None) => Some(known.id),
                (None, Some(new)) => Some(make_organization(directory, new).await?),
                (Some(known), Some(_)) => Some(known.id),
                (None, None) => None,
            };
            let Some(organization) = organization else { return Ok(false) };
            let new = NewUser { email, name, password_hash, locale: None };
            let user = identity::create_user(directory, new).await?;
            identity::add_member(directory, organization, user, role).await?;
            let added = Action::MemberAdded.on(user).with("role", role);
            audit::record_in(directory, organization, Actor::CommandLine, added);
            Ok(true)
        });
        if !made_user.await.map_err(say)? {
            return Err(format!(
                "There is no organization {slug}. Make it with --create-organization <name> --country --time-zone --locale."
            ));
        }
        println!("Made.");
        if made {
            println!("Password, shown this once: {password}");
        }
        Ok(())
    })
}

pub(super) fn reset_user(email: &str) -> Outcome {
    with_app(async |app| {
        let code = app.db.directory(async |directory| identity::make_reset_code(directory, email).await).await;
        let code = code.map_err(|error| match error {
            Error::NotFound => "Nobody has this e-mail address.".to_owned(),
            other => say(other),
        })?;
        let page = app.config.http.public_url.join("reset").map_err(|error| error.to_string())?;
        println!("Good once, for 20 minutes, at {page}\n\n    {code}");
        Ok(())
    })
}

/// From standard input, whole and without the newline at its end.
fn secret(what: &str) -> Result<String, String> {
    let mut text = String::new();
    if std::io::stdin().is_terminal() {
        eprint!("{what}: ");
        std::io::stdin().read_line(&mut text).map_err(|error| error.to_string())?;
    } else {
        std::io::stdin().read_to_string(&mut text).map_err(|error| error.to_string())?;
    }
    Ok(text.trim_end_matches(['\n', '\r']).to_owned())
}

pub(super) fn create_organization(new: NewOrganization) -> Outcome {
    with_app(async |app| {
        let id = app.db.directory(async |directory| make_organization(directory, new).await).await.map_err(say)?;
        println!("{id}");
        Ok(())
    })
}

async fn make_organization(directory: &mut Directory, new: NewOrganization) -> Result<OrganizationId, Error> {
    let id = organizations::create(directory, new).await?;
    audit::record_in(directory, id, Actor::CommandLine, Action::OrganizationCreated.on(id));
    Ok(id)
}

async fn organization(app: &App, slug: &str) -> Result<Organization, String> {
    let found = app.db.directory(async |directory| organizations::by_slug(directory, slug).await).await.map_err(say)?;
    found.ok_or_else(|| format!("There is no organization {slug}."))
}

pub(super) fn open_networks(slug: &str) -> Outcome {
    with_app(async |app| {
        let organization = organization(app, slug).await?;
        let opened =
            app.db.directory(async |directory| identity::open_to_all_networks(directory, organization.id).await);
        opened.await.map_err(say)?;
        println!("Owners and managers of {} come in from anywhere again.", organization.name);
        Ok(())
    })
}

pub(super) fn reset_factors(email: &str) -> Outcome {
    with_app(async |app| {
        let reset = app.db.directory(async |directory| {
            let user = identity::find_user(directory, email).await?.ok_or(Error::NotFound)?;
            identity::reset_factors_of(directory, user).await
        });
        reset.await.map_err(say)?;
        println!("Their second factors are gone, and they are told so. The password alone opens the account now.");
        Ok(())
    })
}

pub(super) fn connect_page(slug: &str, page_id: String, name: String) -> Outcome {
    let token = secret("The page's access token")?;
    if token.is_empty() {
        return Err("The page's access token is read from standard input, and there was none.".to_owned());
    }
    with_app(async |app| {
        let organization = organization(app, slug).await?;
        let connected = app.db.write(organization.id, Actor::CommandLine, async |tx| {
            integrations::connect_page(tx, &page_id, &name, &token).await?;
            jobs::enqueue::<App, _>(tx, &IntroducePage { page_id }).await
        });
        connected.await.map_err(say)?;
        println!("Connected. Leads that waited for this page are fetched now.");
        Ok(())
    })
}

pub(super) fn rotate_keys() -> Outcome {
    with_app(async |app| {
        let rotated = app.db.directory(async |directory| {
            let ids = organizations::all_ids(directory).await?;
            db::rotate_keys(directory, None).await?;
            audit::record_in(directory, HOUSE, Actor::CommandLine, Action::KeysRotated);
            for id in &ids {
                db::rotate_keys(directory, Some(*id)).await?;
                audit::record_in(directory, *id, Actor::CommandLine, Action::KeysRotated);
                // Running servers seal with the older key until they have read the new one.
                let at = directory.now() + TimeDelta::minutes(5);
                jobs::enqueue_for_at::<App, _>(directory, Some(*id), &Reseal { after: None }, at).await?;
                jobs::enqueue_for_at::<App, _>(directory, Some(*id), &ResealOrigins { after: None }, at).await?;
            }
            Ok(ids.len())
        });
        let count = rotated.await.map_err(say)?;
        println!(
            "New keys for {count} organizations and the directory; the workers seal their leads anew. Older master keys may go once every server has the new first one."
        );
        Ok(())
    })
}

pub(super) fn list_jobs() -> Outcome {
    with_app(async |app| {
        let buried = app.db.directory(async |directory| jobs::buried(directory, None).await).await.map_err(say)?;
        if buried.is_empty() {
            println!("The graveyard is empty.");
        }
        for job in buried {
            let organization = job.organization_id.map(|id| id.to_string()).unwrap_or_default();
            let error = job.last_error.unwrap_or_default();
            println!("{}\t{}\t{organization}\tattempt {}\t{error}", job.id, job.kind, job.attempt);
        }
        Ok(())
    })
}

pub(super) fn replay_job(id: i64) -> Outcome {
    with_app(async |app| {
        let replayed = app.db.directory(async |directory| {
            audit::record_in(directory, HOUSE, Actor::CommandLine, Action::JobReplayed.with("job", id));
            jobs::replay(directory, id, None).await
        });
        replayed.await.map_err(say)?;
        println!("Job {id} runs again.");
        Ok(())
    })
}

pub(super) fn list_webhooks() -> Outcome {
    with_app(async |app| {
        let waiting = integrations::webhooks(app, None).await.map_err(say)?;
        if waiting.is_empty() {
            println!("No webhook waits.");
        }
        for webhook in waiting {
            let received_at = webhook.received_at.to_rfc3339();
            println!("{}\t{}\t{}\t{received_at}\t{} bytes", webhook.id, webhook.provider, webhook.reason, webhook.size);
        }
        Ok(())
    })
}

pub(super) fn replay_webhook(id: QuarantineId) -> Outcome {
    with_app(async |app| {
        integrations::replay_webhook(app, Actor::CommandLine, id, None).await.map_err(say)?;
        println!("Received again; its leads are fetched now.");
        Ok(())
    })
}
