//! One stage of an alert.

use std::time::Duration;

use chrono::TimeDelta;
use tokio::task::JoinSet;

use super::{
    HEARD_WITHIN, arrive,
    content::{self, Said},
    letter, sql,
};
use crate::{
    app::App,
    db::{Actor, Tx},
    error::Result,
    jobs::{self, Context, Failure, Job},
    notifications::{self, Channel, Kind, SendAlert},
    outbox::{self, Event},
    providers::push::{Push, PushError, Subscription},
    types::ids::{DeliveryId, DeviceId, OrganizationId, UserId},
};

/// For so long a push service keeps a push for a phone that is off: what comes later is no news any more.
const TTL: Duration = Duration::from_secs(4 * 3600);
/// For so long a device may say that it arrived.
const TOKEN_LIVES: TimeDelta = TimeDelta::hours(24);

/// Of an alert that is older, nothing is tried again.
const TRIED_FOR: TimeDelta = TimeDelta::minutes(30);
const LATER: &str = "a push service did not take it now";

/// What a stage has to do.
struct Stage {
    user: UserId,
    kind: Kind,
    said: Said,
    ways: Vec<Channel>,
    /// Whether there is a next stage, if only to see that nobody heard it.
    goes_on: bool,
    /// Nobody tries again what a push service does not take now.
    is_last_try: bool,
}

impl Job<App> for SendAlert {
    const KIND: &'static str = "send_alert";
    const PRIORITY: i16 = 30;
    const MAX_ATTEMPTS: i32 = 6;

    fn key(&self) -> Option<String> {
        Some(format!("{}:{}", self.alert, self.stage))
    }

    async fn run(self, context: Context<App>) -> Result<(), Failure> {
        let organization = context.organization()?;
        let app = &context.app;
        let write = app.db.write(organization, Actor::System, async |tx| self.begin(tx, context.attempt).await);
        let Some(stage) = write.await? else { return Ok(()) };
        let mut later = None;
        for way in &stage.ways {
            match way {
                Channel::Push => {
                    later = later.max(self.push(app, organization, &stage).await?);
                }
                Channel::Sms | Channel::Email => self.write(app, organization, &stage, *way).await?,
            }
        }
        app.db.write(organization, Actor::System, async |tx| self.go_on(tx, &stage).await).await?;
        match later {
            Some(Some(after)) => Err(Failure::RetryAfter(after, LATER.to_owned())),
            Some(None) => Err(Failure::Retry(LATER.to_owned())),
            None => Ok(()),
        }
    }
}

impl SendAlert {
    /// What there is to say now, and on which ways. Nothing where it was heard, or all is settled.
    async fn begin(&self, tx: &mut Tx, attempt: i32) -> Result<Option<Stage>> {
        let Some(alert) = sql::find(tx, self.alert).await? else { return Ok(None) };
        // That others were told is no reason to leave away what its service was too busy for.
        if alert.is_heard || (alert.is_given_up && !sql::is_under_way(tx, self.alert).await?) {
            return Ok(None);
        }
        let told = sql::notices(tx, self.alert).await?;
        let Some(said) = content::say(tx, &alert, &told).await? else {
            sql::set_heard(tx, self.alert).await?;
            return Ok(None);
        };
        let ways = match self.stage.checked_sub(1).map(|stage| alert.fallback.get(stage)) {
            None => alert.channels.clone(),
            Some(Some(way)) => vec![*way],
            Some(None) if alert.is_given_up => return Ok(None),
            Some(None) => {
                sql::give_up(tx, self.alert).await?;
                // Where there was no way at all, the centre is all there is, and nobody else is told sooner for that.
                if sql::was_tried(tx, self.alert).await? {
                    metrics::counter!("nextmove_alerts_unheard_total").increment(1);
                    outbox::record(tx, Event::AlertUnheard { alert: self.alert });
                }
                return Ok(None);
            }
        };
        sql::set_sent(tx, self.alert, self.stage).await?;
        if alert.sent_at.is_none() {
            #[allow(clippy::cast_precision_loss)] // a few seconds
            let waited = (tx.now() - alert.at).num_milliseconds() as f64 / 1000.0;
            metrics::histogram!("nextmove_alert_seconds", "kind" => alert.kind.as_str()).record(waited);
        }
        let goes_on = !alert.is_given_up && (alert.must_be_heard || !alert.fallback.is_empty());
        let is_last_try = attempt >= Self::MAX_ATTEMPTS || tx.now() - alert.at > TRIED_FOR;
        Ok(Some(Stage { user: alert.user, kind: alert.kind, said, ways, goes_on, is_last_try }))
    }

    /// To every browser of the person's. Tells where one of their services wants to be asked later, and for how long to wait if it said so.
    async fn push(&self, app: &App, organization: OrganizationId, stage: &Stage) -> Result<Option<Option<Duration>>> {
        let devices =
            app.db.directory(async |directory| notifications::subscriptions_of(directory, stage.user).await).await?;
        if devices.is_empty() {
            return Ok(None);
        }
        let ids: Vec<Option<DeviceId>> = devices.iter().map(|(id, _)| Some(*id)).collect();
        let under_way = app
            .db
            .write(organization, Actor::System, async |tx| {
                let under_way = sql::begin(tx, self.alert, Channel::Push, &ids).await?;
                let tokens: Vec<_> = under_way.iter().map(|delivery| (delivery.id, arrive::token())).collect();
                let kept: Vec<_> = tokens.iter().map(|(id, (_, hash))| (*id, hash.clone())).collect();
                sql::insert_tokens(tx, &kept, tx.now() + TOKEN_LIVES).await?;
                let texts = tokens.into_iter().map(|(_, (text, _))| text);
                Ok(under_way.into_iter().zip(texts).collect::<Vec<_>>())
            })
            .await?;
        let mut sending = JoinSet::new();
        for (delivery, token) in under_way {
            let Some(device) = delivery.device else { continue };
            let found = devices.iter().find(|(id, _)| *id == device);
            let subscription = found.map(|(_, subscription)| subscription.clone());
            let (app, payload) = (app.clone(), content::payload(app, self.alert, stage.kind, &stage.said, &token)?);
            let kind = stage.kind;
            sending.spawn(async move { (delivery.id, device, send(&app, kind, subscription, &payload).await) });
        }
        let sent = sending.join_all().await;
        self.settle(app, organization, sent, stage.is_last_try).await
    }

    async fn settle(
        &self,
        app: &App,
        organization: OrganizationId,
        sent: Vec<(DeliveryId, DeviceId, Result<(), PushError>)>,
        is_last_try: bool,
    ) -> Result<Option<Option<Duration>>> {
        let (mut taken, mut gone, mut later) = (Vec::new(), Vec::new(), None);
        let mut settled = Vec::new();
        for (delivery, device, outcome) in sent {
            let word = match &outcome {
                Ok(()) => "taken",
                Err(PushError::Gone) => "gone",
                Err(PushError::Later(..)) => "later",
                Err(PushError::Refused(_)) => "refused",
            };
            metrics::counter!("nextmove_pushes_total", "outcome" => word).increment(1);
            match outcome {
                Ok(()) => taken.push(device),
                Err(PushError::Gone) => gone.push(device),
                Err(PushError::Later(after, _)) if !is_last_try => {
                    later = later.max(Some(after));
                    continue;
                }
                Err(error) => tracing::warn!(%error, alert = %self.alert, "a push did not go"),
            }
            settled.push((delivery, (word != "taken").then_some(word)));
        }
        app.db
            .write(organization, Actor::System, async |tx| {
                for (delivery, failed) in &settled {
                    sql::settle(tx, *delivery, *failed).await?;
                }
                Ok(())
            })
            .await?;
        app.db.directory(async |directory| notifications::note_sent(directory, &taken, &gone).await).await?;
        Ok(later)
    }

    /// By SMS or e-mail.
    async fn write(&self, app: &App, organization: OrganizationId, stage: &Stage, way: Channel) -> Result<()> {
        app.db
            .write(organization, Actor::System, async |tx| {
                for delivery in sql::begin(tx, self.alert, way, &[None]).await? {
                    letter::write(tx, app, (self.alert, delivery.id), stage.user, &stage.said, way).await?;
                }
                Ok(())
            })
            .await
    }

    /// The next way: at once where nothing was taken on any of these, otherwise when a device would have said that it arrived.
    async fn go_on(&self, tx: &mut Tx, stage: &Stage) -> Result<()> {
        if !stage.goes_on {
            return Ok(());
        }
        let wait = if sql::is_taken(tx, self.alert).await? { HEARD_WITHIN } else { TimeDelta::zero() };
        let at = tx.now() + wait;
        jobs::enqueue_at::<App, _>(tx, &Self { alert: self.alert, stage: self.stage + 1 }, at).await?;
        Ok(())
    }
}

async fn send(app: &App, kind: Kind, subscription: Option<Subscription>, payload: &[u8]) -> Result<(), PushError> {
    // The browser went away since the first try.
    let Some(subscription) = subscription else { return Err(PushError::Gone) };
    let keys = notifications::vapid_keys(app).await.map_err(|error| PushError::Later(None, error.to_string()))?;
    let topic = Some(kind.as_str().replace('_', "-"));
    app.push.send(&keys, &subscription, &Push { payload, ttl: TTL, is_urgent: true, topic }).await
}
