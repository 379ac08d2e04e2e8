-- The owner connects Meta: an app of their own, a path for its webhook, tests of the connection, forms with their mapping, what was given up.

-- A path of an organization's own (/webhooks/meta-lead/{route}), for the app that signs there. Of the directory: it finds the tenant.
create table meta_routes (
    route           text primary key,       -- 32 random bytes
    organization_id uuid not null unique references organizations (id),
    created_at      timestamptz not null
);
grant select, insert on meta_routes to nextmove_app;

-- Without a row here the deployment's app (META_APP_SECRET) is the organization's too.
create table meta_apps (
    organization_id uuid not null default nullif(current_setting('app.organization', true), '')::uuid primary key,
    row_id       uuid not null,             -- what the secrets are sealed for
    app_id       text not null,
    app_secret   bytea not null,            -- sealed
    verify_token bytea not null,            -- sealed
    updated_at   timestamptz not null
);
alter table meta_apps enable row level security;
alter table meta_apps force row level security;
create policy tenant on meta_apps
    using (organization_id = (select nullif(current_setting('app.organization', true), '')::uuid));
grant select, insert, update, delete on meta_apps to nextmove_app;

alter table meta_connections
    add column subscribed_at timestamptz,
    add column tested_at     timestamptz,
    add column test          jsonb;         -- the steps of the last test; ids, codes and Meta's scrubbed messages

alter table lead_forms
    add column version   int not null default 1,
    add column status    text,              -- as Meta says: ACTIVE, ARCHIVED …
    add column mapped_at timestamptz;

-- Whose path it came by; null: the common one. What came by one organization's path is never taken in for another.
alter table webhook_quarantine add column organization_id uuid;
create index webhook_quarantine_organization on webhook_quarantine (organization_id) where replayed_at is null;

-- What an owner took out of the graveyard for good: that it was there stays known.
create table discarded_jobs (
    organization_id uuid not null default nullif(current_setting('app.organization', true), '')::uuid,
    job_id       bigint not null,
    kind         text not null,
    key          text,
    attempt      int not null,
    reason       text not null,
    buried_at    timestamptz,
    discarded_at timestamptz not null,
    discarded_by uuid references users (id),
    primary key (organization_id, job_id)
);
create index discarded_jobs_key on discarded_jobs (organization_id, kind, key);
alter table discarded_jobs enable row level security;
alter table discarded_jobs force row level security;
create policy tenant on discarded_jobs
    using (organization_id = (select nullif(current_setting('app.organization', true), '')::uuid));
grant select, insert on discarded_jobs to nextmove_app;
