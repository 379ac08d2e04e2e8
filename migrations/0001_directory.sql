-- The directory: tables by which an organization or a person is found. No row-level security; reached by db.directory() only.

create table operators (
    id         uuid primary key,
    name       text not null,
    created_at timestamptz not null
);

-- LP-044
create table organizations (
    id                   uuid primary key,
    operator_id          uuid references operators (id),
    name                 text not null,
    slug                 text not null unique,
    registration_number  text,
    plan                 text,
    logo_url             text,
    brand_color          text,
    country              char(2) not null,
    time_zone            text not null,
    locale               text not null check (locale in ('nb', 'de', 'nl', 'en')),
    sla_minutes          int not null default 15 check (sla_minutes between 1 and 1440),
    retry_minutes        int not null default 240 check (retry_minutes between 5 and 10080),
    lead_visibility      text not null default 'team' check (lead_visibility in ('team', 'own')),
    idle_timeout_minutes int not null default 30 check (idle_timeout_minutes between 1 and 1440),
    created_at           timestamptz not null
);

-- Wrapped by a master key. Without an organization: the directory's own.
create table data_keys (
    id              int generated always as identity primary key,
    organization_id uuid references organizations (id) on delete cascade,
    purpose         text not null check (purpose in ('seal', 'index')),
    master_key_id   text not null,
    wrapped         bytea not null,
    created_at      timestamptz not null,
    retired_at      timestamptz
);
create index data_keys_owner on data_keys (organization_id);

-- LP-045. Name and e-mail are personal: sealed; a person is found by the blind index of the e-mail.
create table users (
    id            uuid primary key,
    email         bytea not null,
    email_index   bytea not null unique,
    name          bytea not null,
    password_hash text not null,
    locale        text check (locale in ('nb', 'de', 'nl', 'en')),
    created_at    timestamptz not null,
    disabled_at   timestamptz
);

create table operator_staff (
    operator_id uuid not null references operators (id),
    user_id     uuid not null references users (id),
    role        text not null check (role in ('operator_admin')),
    created_at  timestamptz not null,
    primary key (operator_id, user_id)
);

create table memberships (
    organization_id uuid not null references organizations (id),
    user_id         uuid not null references users (id),
    role            text not null check (role in ('owner', 'manager', 'agent')),
    created_at      timestamptz not null,
    ended_at        timestamptz,
    primary key (organization_id, user_id)
);
create index memberships_user on memberships (user_id);

create table sessions (
    id                  uuid primary key,
    token_hash          bytea not null unique,
    user_id             uuid not null references users (id) on delete cascade,
    organization_id     uuid references organizations (id) on delete cascade,
    created_at          timestamptz not null,
    last_seen_at        timestamptz not null,
    idle_expires_at     timestamptz not null,
    absolute_expires_at timestamptz not null,
    user_agent          text,
    ended_at            timestamptz
);
create index sessions_user on sessions (user_id) where ended_at is null;
create index sessions_expiry on sessions (absolute_expires_at);

-- Failed logins, by the hash of the account and of the address.
create table login_failures (
    key           bytea primary key,
    failures      int not null,
    first_at      timestamptz not null,
    blocked_until timestamptz
);

-- Which organization a Meta page's leads belong to.
create table meta_pages (
    page_id         text primary key,
    organization_id uuid not null references organizations (id),
    connected_at    timestamptz not null
);
create index meta_pages_organization on meta_pages (organization_id);

-- What a provider told us, kept before it is answered. Ids only, no personal data.
create table webhook_receipts (
    id              uuid primary key,
    organization_id uuid not null,
    provider        text not null,
    external_id     text not null,
    page_id         text not null,
    form_id         text,
    sent_at         timestamptz,
    received_at     timestamptz not null,
    unique (provider, external_id)
) with (fillfactor = 100);
create index webhook_receipts_age on webhook_receipts using brin (received_at);
create index webhook_receipts_organization on webhook_receipts (organization_id, received_at);

-- Deliveries that were signed but are nobody's, or could not be read: kept as they came, replayable.
create table webhook_quarantine (
    id          uuid primary key,
    provider    text not null,
    reason      text not null,
    page_id     text,
    body        bytea not null,
    received_at timestamptz not null,
    replayed_at timestamptz
);
create index webhook_quarantine_open on webhook_quarantine (received_at) where replayed_at is null;
create index webhook_quarantine_page on webhook_quarantine (page_id) where replayed_at is null;

create table jobs (
    id              bigint generated always as identity primary key,
    organization_id uuid,                -- no foreign key here and in receipts: each row would lock the organization's
    kind            text not null,
    key             text,
    payload         jsonb not null,
    priority        smallint not null default 100,
    state           text not null default 'ready' check (state in ('ready', 'running', 'dead')), -- one that is done is gone
    run_at          timestamptz not null,
    attempt         int not null default 0,
    max_attempts    int not null default 12,
    locked_by       uuid,
    lease_until     timestamptz,
    last_error      text,
    created_at      timestamptz not null,
    finished_at     timestamptz
) with (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02);
-- At most one unfinished job of a kind and key.
create unique index jobs_key on jobs (kind, key) where key is not null and state in ('ready', 'running');
create index jobs_ready on jobs (priority, run_at, id) where state = 'ready';
create index jobs_lease on jobs (lease_until) where state = 'running';
create index jobs_dead on jobs (kind, key) where state = 'dead';

create table cron_slots (
    name text not null,
    slot timestamptz not null,
    primary key (name, slot)
);

grant select, insert, update on operators, organizations, users, memberships, operator_staff to nextmove_app;
grant select, insert, update on data_keys to nextmove_app;
grant select, insert, update, delete on sessions, login_failures, jobs, cron_slots to nextmove_app;
grant select, insert, update, delete on meta_pages to nextmove_app;
grant select, insert, delete on webhook_receipts to nextmove_app;
grant select, insert, update, delete on webhook_quarantine to nextmove_app;
