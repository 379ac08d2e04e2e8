//! `nextmove bench`: a world that is large enough to be measured.

use std::{
    io::{IsTerminal, Read},
    sync::atomic::{AtomicUsize, Ordering},
    time::Instant,
};

use clap::Args;

use super::{Outcome, say, with_database};
use crate::seed;

#[derive(Args)]
pub(super) struct SeedFlags {
    #[arg(long, default_value = "1000000")]
    leads: usize,
    #[arg(long, default_value = "100")]
    organizations: usize,
    /// The same seed gives the same people and stories
    #[arg(long, default_value = "1")]
    seed: u64,
    /// Also into a database that has leads
    #[arg(long)]
    anyway: bool,
}

/// The password of all people is read from standard input; without one nobody can sign in.
pub(super) fn seed(flags: SeedFlags) -> Outcome {
    if flags.organizations == 0 || flags.leads < flags.organizations {
        return Err("At least one organization, and one lead for each.".to_owned());
    }
    let mut password = String::new();
    if !std::io::stdin().is_terminal() {
        std::io::stdin().read_to_string(&mut password).map_err(|error| error.to_string())?;
    }
    let password = Some(password.trim_end_matches(['\n', '\r']).to_owned()).filter(|password| !password.is_empty());
    with_database(async |app, database| {
        let SeedFlags { leads, organizations, seed, anyway } = flags;
        let plan = seed::Plan { leads, organizations, seed, password, anyway };
        let begun = Instant::now();
        let told = AtomicUsize::new(0);
        let step = (leads / 50).max(1);
        let made = seed::fill(app, plan, move |count| {
            if count / step > told.fetch_max(count / step, Ordering::Relaxed) {
                eprintln!("{count} of {leads} leads, {} s", begun.elapsed().as_secs());
            }
        });
        let made = made.await.map_err(say)?;
        eprintln!("Vacuum, and statistics for the planner");
        database.tidy().await.map_err(say)?;
        for (_, slug, leads) in &made.organizations {
            println!("{slug}\t{leads}");
        }
        eprintln!("{} leads in {} s.", made.leads, begun.elapsed().as_secs());
        Ok(())
    })
}
