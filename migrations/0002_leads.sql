-- The tenant's tables. Each is seen only by a transaction that says whose it is (migrations/README.md). None refers to organizations:
-- the setting that fills the column is the server's, and each row that is inserted would lock the organization's.

create table event_heads (
    organization_id uuid not null default nullif(current_setting('app.organization', true), '')::uuid primary key,
    sequence bigint not null
);
alter table event_heads enable row level security;
alter table event_heads force row level security;
create policy tenant on event_heads
    using (organization_id = (select nullif(current_setting('app.organization', true), '')::uuid));
grant select, insert, update on event_heads to nextmove_app;

create table events (
    organization_id uuid not null default nullif(current_setting('app.organization', true), '')::uuid,
    sequence   bigint not null,
    kind       text not null,
    subject_id uuid not null,
    data       jsonb not null,           -- ids only
    actor_id   uuid,
    at         timestamptz not null,
    primary key (organization_id, sequence)
);
alter table events enable row level security;
alter table events force row level security;
create policy tenant on events
    using (organization_id = (select nullif(current_setting('app.organization', true), '')::uuid));
grant select, insert, delete on events to nextmove_app;

create index events_age on events using brin (at);

create table idempotency_keys (
    organization_id uuid not null default nullif(current_setting('app.organization', true), '')::uuid,
    user_id     uuid not null references users (id) on delete cascade,
    key         text not null,
    id          uuid not null,
    fingerprint bytea not null,
    response    bytea,                   -- sealed
    created_at  timestamptz not null,
    primary key (organization_id, user_id, key)
);
create index idempotency_keys_age on idempotency_keys (organization_id, created_at);
alter table idempotency_keys enable row level security;
alter table idempotency_keys force row level security;
create policy tenant on idempotency_keys
    using (organization_id = (select nullif(current_setting('app.organization', true), '')::uuid));
grant select, insert, update, delete on idempotency_keys to nextmove_app;

create table campaigns (
    organization_id uuid not null default nullif(current_setting('app.organization', true), '')::uuid,
    id          uuid not null,
    platform    text not null,
    account_id  text,
    external_id text not null,
    name        text not null,
    budget      numeric(14, 2),
    created_at  timestamptz not null,
    primary key (organization_id, id),
    unique (organization_id, platform, external_id)
);
comment on table campaigns is 'LP-046';
alter table campaigns enable row level security;
alter table campaigns force row level security;
create policy tenant on campaigns
    using (organization_id = (select nullif(current_setting('app.organization', true), '')::uuid));
grant select, insert, update on campaigns to nextmove_app;

create table meta_connections (
    organization_id uuid not null default nullif(current_setting('app.organization', true), '')::uuid,
    page_id       text not null,
    row_id        uuid not null,          -- what the token is sealed for
    name          text not null,
    token         bytea not null,         -- sealed
    connected_at  timestamptz not null,
    broken_at     timestamptz,
    broken_reason text,
    tried_at      timestamptz,            -- when Meta refused last
    primary key (organization_id, page_id)
);
alter table meta_connections enable row level security;
alter table meta_connections force row level security;
create policy tenant on meta_connections
    using (organization_id = (select nullif(current_setting('app.organization', true), '')::uuid));
grant select, insert, update, delete on meta_connections to nextmove_app;

create table lead_forms (
    organization_id uuid not null default nullif(current_setting('app.organization', true), '')::uuid,
    id          uuid not null,
    page_id     text not null,
    external_id text not null,
    name        text not null,
    locale      text,
    snapshot    jsonb not null,           -- the form as Meta tells it: questions and legal content, immutable there
    overrides   jsonb not null default '{}',
    fetched_at  timestamptz not null,
    primary key (organization_id, id),
    unique (organization_id, external_id)
);
alter table lead_forms enable row level security;
alter table lead_forms force row level security;
create policy tenant on lead_forms
    using (organization_id = (select nullif(current_setting('app.organization', true), '')::uuid));
grant select, insert, update on lead_forms to nextmove_app;

create table leads (
    organization_id uuid not null default nullif(current_setting('app.organization', true), '')::uuid,
    id               uuid not null,
    version          int not null default 1,
    status           text not null default 'new' check (status in ('new', 'contacted', 'no_answer', 'scheduled', 'won', 'lost')),
    lost_reason      text,
    full_name        bytea,               -- sealed, like the six below
    phone            bytea,               -- E.164 (LP-048)
    phone_given      bytea,               -- as typed, where it is no valid number
    email            bytea,
    message          bytea,
    answers          bytea,
    postal_code      text,
    city             text,
    service          text,
    source           text not null,
    platform         text,
    meta_lead_id     text,
    campaign_id      uuid,
    form_id          uuid,
    adset_id         text,
    adset_name       text,
    ad_id            text,
    ad_name          text,
    is_test          boolean not null default false,   -- facts that Meta states, not states of ours
    is_organic       boolean not null default false,
    enquiry_count    int not null default 1,
    assignee_id      uuid references users (id),
    claimed_at       timestamptz,
    attempt_count    int not null default 0,
    first_attempt_at timestamptz,
    last_attempt_at  timestamptz,
    first_contact_at timestamptz,
    last_contact_at  timestamptz,
    snoozed_until    timestamptz,
    due_at           timestamptz,
    next_at          timestamptz,
    created_at       timestamptz not null, -- when the person sent it
    received_at      timestamptz not null,
    updated_at       timestamptz not null,
    primary key (organization_id, id),
    foreign key (organization_id, campaign_id) references campaigns (organization_id, id),
    foreign key (organization_id, form_id) references lead_forms (organization_id, id),
    check ((status = 'lost') = (lost_reason is not null))
);
comment on table leads is 'LP-047';
create index leads_newest on leads (organization_id, created_at desc, id desc);
create index leads_next on leads (organization_id, (first_attempt_at is not null), next_at, id) where next_at is not null;
create index leads_assignee on leads (organization_id, assignee_id, created_at desc, id desc) where assignee_id is not null;
create index leads_status on leads (organization_id, status, created_at desc, id desc);
create index leads_campaign on leads (organization_id, campaign_id, created_at desc, id desc);
alter table leads enable row level security;
alter table leads force row level security;
create policy tenant on leads
    using (organization_id = (select nullif(current_setting('app.organization', true), '')::uuid));
grant select, insert, update on leads to nextmove_app;

create table lead_tokens (
    organization_id uuid not null default nullif(current_setting('app.organization', true), '')::uuid,
    token   bytea not null,               -- blind index: phone, e-mail, beginnings of the words of the name
    lead_id uuid not null,
    primary key (organization_id, token, lead_id)
);
comment on table lead_tokens is 'No foreign key: a dozen rows a lead, each of which would be checked by a query of its own. Who deletes a lead deletes these.';
create index lead_tokens_lead on lead_tokens (organization_id, lead_id);
alter table lead_tokens enable row level security;
alter table lead_tokens force row level security;
create policy tenant on lead_tokens
    using (organization_id = (select nullif(current_setting('app.organization', true), '')::uuid));
grant select, insert, delete on lead_tokens to nextmove_app;

create table lead_enquiries (
    organization_id uuid not null default nullif(current_setting('app.organization', true), '')::uuid,
    id           uuid not null,
    lead_id      uuid not null,
    meta_lead_id text,
    form_id      uuid,
    campaign_id  uuid,
    message      bytea,                   -- sealed, like the answers
    answers      bytea,
    at           timestamptz not null,
    received_at  timestamptz not null,
    primary key (organization_id, id),
    unique (organization_id, meta_lead_id),
    foreign key (organization_id, lead_id) references leads (organization_id, id) on delete cascade
);
create index lead_enquiries_lead on lead_enquiries (organization_id, lead_id);
alter table lead_enquiries enable row level security;
alter table lead_enquiries force row level security;
create policy tenant on lead_enquiries
    using (organization_id = (select nullif(current_setting('app.organization', true), '')::uuid));
grant select, insert, update on lead_enquiries to nextmove_app;

create table consent_texts (
    organization_id uuid not null default nullif(current_setting('app.organization', true), '')::uuid,
    version            text not null,     -- hash of the exact text shown
    text               text not null,
    privacy_policy_url text,
    first_seen_at      timestamptz not null,
    primary key (organization_id, version)
);
alter table consent_texts enable row level security;
alter table consent_texts force row level security;
create policy tenant on consent_texts
    using (organization_id = (select nullif(current_setting('app.organization', true), '')::uuid));
grant select, insert on consent_texts to nextmove_app;

create table consents (
    organization_id uuid not null default nullif(current_setting('app.organization', true), '')::uuid,
    lead_id    uuid not null,
    enquiry_id uuid not null,
    key        text not null,
    version    text not null,
    given      boolean not null,
    inferred   boolean not null,
    at         timestamptz not null,
    primary key (organization_id, enquiry_id, key),
    foreign key (organization_id, version) references consent_texts (organization_id, version)
);
comment on table consents is 'LP-060. Append-only; no foreign key to leads: proof of consent outlives erasure.';
create index consents_lead on consents (organization_id, lead_id);
alter table consents enable row level security;
alter table consents force row level security;
create policy tenant on consents
    using (organization_id = (select nullif(current_setting('app.organization', true), '')::uuid));
grant select, insert on consents to nextmove_app;

create table lead_history (
    organization_id uuid not null default nullif(current_setting('app.organization', true), '')::uuid,
    id       uuid not null,
    lead_id  uuid not null,
    kind     text not null,
    actor_id uuid,
    at       timestamptz not null,
    data     jsonb not null,              -- no personal data
    primary key (organization_id, id),
    foreign key (organization_id, lead_id) references leads (organization_id, id) on delete cascade
);
create index lead_history_lead on lead_history (organization_id, lead_id, at desc);
alter table lead_history enable row level security;
alter table lead_history force row level security;
create policy tenant on lead_history
    using (organization_id = (select nullif(current_setting('app.organization', true), '')::uuid));
grant select, insert on lead_history to nextmove_app;

create table lead_notes (
    organization_id uuid not null default nullif(current_setting('app.organization', true), '')::uuid,
    id        uuid not null,
    lead_id   uuid not null,
    author_id uuid not null references users (id),
    text      bytea not null,             -- sealed
    at        timestamptz not null,
    primary key (organization_id, id),
    foreign key (organization_id, lead_id) references leads (organization_id, id) on delete cascade
);
create index lead_notes_lead on lead_notes (organization_id, lead_id, at desc);
alter table lead_notes enable row level security;
alter table lead_notes force row level security;
create policy tenant on lead_notes
    using (organization_id = (select nullif(current_setting('app.organization', true), '')::uuid));
grant select, insert, update on lead_notes to nextmove_app;

create table lead_traces (
    organization_id uuid not null default nullif(current_setting('app.organization', true), '')::uuid,
    lead_id          uuid not null,
    meta_created_at  timestamptz,
    received_at      timestamptz not null,
    fetched_at       timestamptz,
    stored_at        timestamptz not null,
    emitted_at       timestamptz,
    acknowledged_at  timestamptz,
    opened_at        timestamptz,
    first_attempt_at timestamptz,
    primary key (organization_id, lead_id),
    foreign key (organization_id, lead_id) references leads (organization_id, id) on delete cascade
);
alter table lead_traces enable row level security;
alter table lead_traces force row level security;
create policy tenant on lead_traces
    using (organization_id = (select nullif(current_setting('app.organization', true), '')::uuid));
grant select, insert, update on lead_traces to nextmove_app;

create table contact_attempts (
    organization_id uuid not null default nullif(current_setting('app.organization', true), '')::uuid,
    id         uuid not null,
    lead_id    uuid not null,
    user_id    uuid not null references users (id),
    channel    text not null check (channel in ('call', 'sms', 'whatsapp', 'email')),
    started_at timestamptz not null,
    stored_at  timestamptz not null,
    primary key (organization_id, id),
    foreign key (organization_id, lead_id) references leads (organization_id, id) on delete cascade
);
comment on table contact_attempts is 'LP-017. Append-only.';
create index contact_attempts_lead on contact_attempts (organization_id, lead_id, started_at desc);
alter table contact_attempts enable row level security;
alter table contact_attempts force row level security;
create policy tenant on contact_attempts
    using (organization_id = (select nullif(current_setting('app.organization', true), '')::uuid));
grant select, insert on contact_attempts to nextmove_app;

create table attempt_outcomes (
    organization_id uuid not null default nullif(current_setting('app.organization', true), '')::uuid,
    id         uuid not null,
    attempt_id uuid not null,
    outcome    text not null check (outcome in ('reached', 'no_answer', 'voicemail', 'wrong_number', 'sent', 'not_sent')),
    evidence   text not null check (evidence in ('self_reported', 'provider_confirmed')),
    user_id    uuid references users (id),
    note       bytea,                     -- sealed
    at         timestamptz not null,
    primary key (organization_id, id),
    foreign key (organization_id, attempt_id) references contact_attempts (organization_id, id) on delete cascade
);
comment on table attempt_outcomes is 'Append-only: the latest counts.';
create index attempt_outcomes_attempt on attempt_outcomes (organization_id, attempt_id, at desc);
alter table attempt_outcomes enable row level security;
alter table attempt_outcomes force row level security;
create policy tenant on attempt_outcomes
    using (organization_id = (select nullif(current_setting('app.organization', true), '')::uuid));
grant select, insert on attempt_outcomes to nextmove_app;
