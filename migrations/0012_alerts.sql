-- Who is told of what, on which way, and when (LP-028, LP-029, LP-081).

-- Asked for while it runs, a job runs once more: what it was asked for may have come after it had looked.
alter table jobs add column again boolean not null default false;

create table push_keys (
    id          uuid primary key,
    public_key  bytea not null,           -- of VAPID (RFC 8292): an uncompressed point of P-256
    private_key bytea not null,           -- sealed
    created_at  timestamptz not null
);
grant select, insert on push_keys to nextmove_app;

create table push_devices (
    id              uuid primary key,
    user_id         uuid not null references users (id),
    session_id      uuid not null,        -- no foreign key: a session is forgotten, the device stays; one that was ended takes it along
    endpoint        bytea not null,       -- sealed, like the two below
    p256dh          bytea not null,
    auth            bytea not null,
    endpoint_index  bytea not null unique,
    label           text not null,        -- `Chrome · Android`
    created_at      timestamptz not null,
    renewed_at      timestamptz not null,
    sent_at         timestamptz,
    acknowledged_at timestamptz
);
create index push_devices_user on push_devices (user_id);
grant select, insert, update, delete on push_devices to nextmove_app;

-- A link in an SMS or a letter by which a person takes a lead, once.
create table claim_links (
    code_hash       bytea primary key,
    organization_id uuid not null,
    user_id         uuid not null references users (id),
    alert_id        uuid not null,
    expires_at      timestamptz not null,
    used_at         timestamptz
);
create index claim_links_expired on claim_links (expires_at);
grant select, insert, update, delete on claim_links to nextmove_app;

-- What acknowledges a push: the device knows the token, and nothing else of us.
create table push_tokens (
    token_hash      bytea primary key,
    organization_id uuid not null,
    delivery_id     uuid not null,
    expires_at      timestamptz not null
);
create index push_tokens_expired on push_tokens (expires_at);
grant select, insert, delete on push_tokens to nextmove_app;

create table alerts (
    organization_id uuid not null default nullif(current_setting('app.organization', true), '')::uuid,
    id          uuid not null,
    user_id     uuid not null references users (id),
    kind        text not null,
    channels    text[] not null,          -- tried together, at once
    fallback    text[] not null,          -- one after the other, while no device has said that it arrived
    must_be_heard boolean not null,       -- somebody else is told where nobody hears it
    at          timestamptz not null,
    send_at     timestamptz not null,
    sent_at     timestamptz,
    heard_at    timestamptz,
    given_up_at timestamptz,
    primary key (organization_id, id)
);
create unique index alerts_waiting on alerts (organization_id, user_id, kind) where sent_at is null;
create index alerts_latest on alerts (organization_id, user_id, kind, sent_at desc);
create index alerts_old on alerts (organization_id, at);
alter table alerts enable row level security;
alter table alerts force row level security;
create policy tenant on alerts
    using (organization_id = (select nullif(current_setting('app.organization', true), '')::uuid));
grant select, insert, update, delete on alerts to nextmove_app;

create table alert_deliveries (
    organization_id uuid not null default nullif(current_setting('app.organization', true), '')::uuid,
    id          uuid not null,
    alert_id    uuid not null,
    channel     text not null check (channel in ('push', 'sms', 'email')),
    device_id   uuid,
    state       text not null check (state in ('sending', 'accepted', 'arrived', 'failed')),
    reason      text,
    message_id  uuid,                     -- of an SMS or a letter
    at          timestamptz not null,
    settled_at  timestamptz,
    primary key (organization_id, id),
    foreign key (organization_id, alert_id) references alerts (organization_id, id) on delete cascade
);
create index alert_deliveries_alert on alert_deliveries (organization_id, alert_id);
create index alert_deliveries_message on alert_deliveries (organization_id, message_id) where message_id is not null;
alter table alert_deliveries enable row level security;
alter table alert_deliveries force row level security;
create policy tenant on alert_deliveries
    using (organization_id = (select nullif(current_setting('app.organization', true), '')::uuid));
grant select, insert, update on alert_deliveries to nextmove_app;

create table notifications (
    organization_id uuid not null default nullif(current_setting('app.organization', true), '')::uuid,
    id       uuid not null,
    user_id  uuid not null references users (id),
    kind     text not null,
    lead_id  uuid,                        -- no foreign key: several of these a lead, each of which would be checked
    data     jsonb not null,              -- no personal data
    alert_id uuid,
    at       timestamptz not null,
    seen_at  timestamptz,
    read_at  timestamptz,
    primary key (organization_id, id)
);
create index notifications_of on notifications (organization_id, user_id, id desc);
create index notifications_unseen on notifications (organization_id, user_id, id) where seen_at is null;
create index notifications_alert on notifications (organization_id, alert_id) where alert_id is not null;
create index notifications_lead on notifications (organization_id, lead_id) where lead_id is not null;
create index notifications_old on notifications (organization_id, at);
alter table notifications enable row level security;
alter table notifications force row level security;
create policy tenant on notifications
    using (organization_id = (select nullif(current_setting('app.organization', true), '')::uuid));
grant select, insert, update, delete on notifications to nextmove_app;

create table alert_preferences (
    organization_id uuid not null default nullif(current_setting('app.organization', true), '')::uuid,
    user_id    uuid not null references users (id),
    settings   jsonb not null,
    version    int not null default 1,
    changed_at timestamptz not null,
    primary key (organization_id, user_id)
);
alter table alert_preferences enable row level security;
alter table alert_preferences force row level security;
create policy tenant on alert_preferences
    using (organization_id = (select nullif(current_setting('app.organization', true), '')::uuid));
grant select, insert, update on alert_preferences to nextmove_app;

-- The ladder by which a lead climbs that nobody calls. No row: the one that every business begins with.
create table escalation_ladders (
    organization_id uuid primary key default nullif(current_setting('app.organization', true), '')::uuid,
    steps           jsonb not null,
    names_on_lock_screen boolean not null,
    version         int not null default 1,
    changed_at      timestamptz not null
);
alter table escalation_ladders enable row level security;
alter table escalation_ladders force row level security;
create policy tenant on escalation_ladders
    using (organization_id = (select nullif(current_setting('app.organization', true), '')::uuid));
grant select, insert, update on escalation_ladders to nextmove_app;

-- Up to where the desk has read the organization's events.
create table desk_heads (
    organization_id uuid primary key default nullif(current_setting('app.organization', true), '')::uuid,
    sequence        bigint not null
);
alter table desk_heads enable row level security;
alter table desk_heads force row level security;
create policy tenant on desk_heads
    using (organization_id = (select nullif(current_setting('app.organization', true), '')::uuid));
grant select, insert, update on desk_heads to nextmove_app;

-- Leads that somebody has to try, and when the desk looks at each again.
create table lead_watches (
    organization_id uuid not null default nullif(current_setting('app.organization', true), '')::uuid,
    lead_id uuid not null,
    at      timestamptz not null,
    due_at  timestamptz not null,         -- as at capture: a lead that somebody tried has none any more
    placed  int not null default 0,       -- how often somebody was looked for
    step    int,                          -- of the ladder, the next one; null until it is placed
    primary key (organization_id, lead_id),
    foreign key (organization_id, lead_id) references leads (organization_id, id) on delete cascade
);
create index lead_watches_at on lead_watches (organization_id, at, lead_id);
alter table lead_watches enable row level security;
alter table lead_watches force row level security;
create policy tenant on lead_watches
    using (organization_id = (select nullif(current_setting('app.organization', true), '')::uuid));
grant select, insert, update, delete on lead_watches to nextmove_app;
