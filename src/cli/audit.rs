//! Whether the audit trail is whole.

use clap::Subcommand;

use super::{Outcome, say, with_app};
use crate::{
    app::App,
    audit::{self, Position},
    db::Actor,
    organizations,
    types::ids::{HOUSE, OrganizationId},
};

#[derive(Subcommand)]
pub(super) enum Command {
    /// Walk the chains of all organizations and of the house, and say where each first breaks. Fails where one does
    Verify {
        /// Only this one: its slug or its id, or `house`
        #[arg(long)]
        organization: Option<String>,
        /// What `audit head` printed for it once: finds what was cut off and hashed anew since
        #[arg(long, requires = "organization")]
        noted: Option<Position>,
    },
    /// Print where each chain ends, to keep it elsewhere
    Head {
        /// Only this one: its slug or its id, or `house`
        #[arg(long)]
        organization: Option<String>,
    },
}

pub(super) fn run(command: Command) -> Outcome {
    with_app(async |app| match &command {
        Command::Verify { organization, noted } => verify(app, organization.as_deref(), *noted).await,
        Command::Head { organization } => head(app, organization.as_deref()).await,
    })
}

/// The chains that are meant, with the names by which they are told.
async fn chains(app: &App, wanted: Option<&str>) -> Result<Vec<(OrganizationId, String)>, String> {
    let house = (HOUSE, "house".to_owned());
    if wanted == Some("house") {
        return Ok(vec![house]);
    }
    let found = app.db.directory(async |directory| {
        let ids = match wanted.map(|text| text.parse::<OrganizationId>()) {
            Some(Ok(id)) => vec![id],
            _ => organizations::all_ids(directory).await?,
        };
        let mut found = Vec::new();
        for id in ids {
            found.extend(organizations::find(directory, id).await?);
        }
        Ok(found)
    });
    let is_wanted = |slug: &str, id: OrganizationId| wanted.is_none_or(|text| text == slug || text == id.to_string());
    let found = found.await.map_err(say)?.into_iter().filter(|one| is_wanted(&one.slug, one.id));
    let mut chains: Vec<_> = found.map(|one| (one.id, one.slug)).collect();
    match wanted {
        None => chains.push(house),
        Some(text) if chains.is_empty() => return Err(format!("There is no organization {text}.")),
        Some(_) => {}
    }
    Ok(chains)
}

async fn verify(app: &App, wanted: Option<&str>, noted: Option<Position>) -> Outcome {
    let mut broken = 0;
    for (organization, name) in chains(app, wanted).await? {
        let found = audit::verify(&app.db, organization, noted).await.map_err(say)?;
        match found.broken {
            None => println!("{name}\twhole\t{}", found.upto),
            Some(why) => {
                broken += 1;
                println!("{name}\tBROKEN\t{why}; whole up to {}", found.upto);
            }
        }
    }
    match broken {
        0 => Ok(()),
        1 => Err("One chain is broken. Somebody wrote to the database past the server; restore a backup beside it and compare.".to_owned()),
        count => Err(format!("{count} chains are broken. Somebody wrote to the database past the server; restore a backup beside it and compare.")),
    }
}

async fn head(app: &App, wanted: Option<&str>) -> Outcome {
    for (organization, name) in chains(app, wanted).await? {
        let head =
            app.db.read(organization, Actor::CommandLine, async |tx| audit::head(tx).await).await.map_err(say)?;
        println!("{name}\t{head}");
    }
    Ok(())
}
