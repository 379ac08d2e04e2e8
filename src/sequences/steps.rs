//! What a sequence would say to one lead: the owner sees it before anybody gets it.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Draft, StepKind, check, compose, runs};
use crate::{
    app::App,
    db::Tx,
    error::Result,
    identity::{Viewer, normalise_email},
    leads,
    messages::{self, Channel},
    organizations, sla,
    types::{
        gsm::{self, Alphabet},
        ids::LeadId,
        phone::Phone,
    },
};

/// What is written to whom it may concern.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = SequencePreview)]
pub struct Preview {
    pub steps: Vec<PreviewedStep>,
    /// Whether they agreed, or were not asked.
    pub consent: bool,
    /// Whether they were asked at all.
    pub asked: bool,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct PreviewedStep {
    pub kind: StepKind,
    #[schema(required = true)]
    pub subject: Option<String>,
    pub text: String,
    /// When, if it began now and nothing stopped it.
    pub at: DateTime<Utc>,
    /// Of an SMS: for so many parts one pays, the link to unsubscribe not counted.
    #[schema(required = true)]
    pub segments: Option<i32>,
    /// Of an SMS: a character in it that makes each part hold 70 characters instead of 160.
    #[schema(required = true)]
    pub is_unicode: Option<bool>,
    /// Why it would not be sent: `no_address`, `opted_out`, `no_consent`, `not_configured`.
    #[schema(required = true)]
    pub obstacle: Option<String>,
}

/// What this draft would say to that lead. 404; 422 as for saving.
pub(super) async fn preview(
    tx: &mut Tx,
    app: &App,
    viewer: &Viewer,
    mut draft: Draft,
    lead: LeadId,
) -> Result<Preview> {
    check(&mut draft)?;
    let detail = leads::detail(tx, viewer, lead).await?;
    let organization = organizations::current(tx).await?;
    let filling = compose::filling(tx, &detail, &organization).await?;
    let hours = sla::current(tx).await?.hours;
    let consent = runs::has_consent(&detail);
    let phone = detail.lead.phone.as_deref().and_then(|phone| Phone::from_e164(phone).ok()).filter(Phone::takes_sms);
    let email = detail.lead.email.as_deref().map(normalise_email).filter(|address| messages::is_address(address));
    let mut at = tx.now();
    let mut steps = Vec::new();
    for step in &draft.steps {
        let delay = TimeDelta::minutes(i64::from(step.after_minutes));
        at = hours.after(at, delay).unwrap_or(at + delay);
        at = hours.opening(at).unwrap_or(at);
        let written = compose::write(step, &filling)?;
        let (channel, address, has_way) = match step.kind {
            StepKind::Sms => {
                (Some(Channel::Sms), phone.as_ref().map(|phone| phone.as_str().to_owned()), app.sms.is_some())
            }
            StepKind::Email => (Some(Channel::Email), email.clone(), app.mail.is_some()),
            StepKind::Task => (None, None, true),
        };
        let obstacle = match (channel, address) {
            (None, _) => None,
            (Some(_), None) => Some("no_address"),
            (Some(channel), Some(address)) if messages::is_suppressed(tx, channel, &address).await? => {
                Some("opted_out")
            }
            (Some(_), Some(_)) if !consent => Some("no_consent"),
            (Some(_), Some(_)) if !has_way => Some("not_configured"),
            (Some(_), Some(_)) => None,
        };
        let parts = (step.kind == StepKind::Sms).then(|| gsm::parts(&gsm::plain(&written.text)));
        steps.push(PreviewedStep {
            kind: step.kind,
            subject: written.subject,
            text: written.text,
            at,
            segments: parts.map(|parts| i32::try_from(parts.segments).unwrap_or(i32::MAX)),
            is_unicode: parts.map(|parts| parts.alphabet == Alphabet::Ucs2),
            obstacle: obstacle.map(str::to_owned),
        });
    }
    Ok(Preview { steps, consent, asked: !detail.consents.is_empty() })
}
