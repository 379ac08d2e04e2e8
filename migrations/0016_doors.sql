-- Other doors than Meta's: addresses of one's own for systems and forms on web pages. Of the directory: a path finds its tenant.
create table lead_routes (
    route           text primary key,       -- 32 random bytes
    organization_id uuid not null references organizations (id),
    source_id       uuid not null
);
grant select, insert, delete on lead_routes to nextmove_app;

create table lead_sources (
    organization_id  uuid not null default nullif(current_setting('app.organization', true), '')::uuid,
    id               uuid not null,
    name             text not null,
    kind             text not null check (kind in ('webhook', 'form')),
    route            text not null,
    secret           bytea,                 -- sealed; of webhooks
    previous_secret  bytea,                 -- sealed; good until then
    previous_until   timestamptz,
    redirect_url     text,                  -- of forms: where people are sent afterwards
    overrides        jsonb not null default '{}',
    version          int not null default 1,
    created_at       timestamptz not null,
    last_received_at timestamptz,
    primary key (organization_id, id)
);
alter table lead_sources enable row level security;
alter table lead_sources force row level security;
create policy tenant on lead_sources
    using (organization_id = (select nullif(current_setting('app.organization', true), '')::uuid));
grant select, insert, update, delete on lead_sources to nextmove_app;

-- What came, as it came, for as long as somebody may want to look at it or have it read again.
create table source_deliveries (
    organization_id uuid not null default nullif(current_setting('app.organization', true), '')::uuid,
    id          uuid not null,
    source_id   uuid not null,
    external_id text,                       -- the sender's name for it: taken once
    body        bytea not null,             -- sealed
    received_at timestamptz not null,
    state       text not null check (state in ('stored', 'failed')),
    reason      text,
    lead_id     uuid,
    primary key (organization_id, id),
    unique (organization_id, source_id, external_id),
    foreign key (organization_id, source_id) references lead_sources (organization_id, id) on delete cascade
);
create index source_deliveries_newest on source_deliveries (organization_id, source_id, received_at desc, id desc);
create index source_deliveries_age on source_deliveries (organization_id, received_at);
alter table source_deliveries enable row level security;
alter table source_deliveries force row level security;
create policy tenant on source_deliveries
    using (organization_id = (select nullif(current_setting('app.organization', true), '')::uuid));
grant select, insert, update, delete on source_deliveries to nextmove_app;

-- Files of leads. The file is deleted after thirty days; what became of its rows stays.
create table lead_imports (
    organization_id uuid not null default nullif(current_setting('app.organization', true), '')::uuid,
    id         uuid not null,
    state      text not null check (state in ('draft', 'running', 'done', 'undoing', 'undone')),
    created_at timestamptz not null,
    created_by uuid references users (id),
    file       bytea,                       -- sealed
    encoding   text not null,
    delimiter  text not null,
    plan       jsonb not null default '{}', -- where the columns go; headers of columns only
    rows       int not null,
    done       int not null default 0,
    imported   int not null default 0,
    joined     int not null default 0,
    invalid    int not null default 0,
    kept       int not null default 0,
    primary key (organization_id, id)
);
alter table lead_imports enable row level security;
alter table lead_imports force row level security;
create policy tenant on lead_imports
    using (organization_id = (select nullif(current_setting('app.organization', true), '')::uuid));
grant select, insert, update on lead_imports to nextmove_app;

create table lead_import_rows (
    organization_id uuid not null default nullif(current_setting('app.organization', true), '')::uuid,
    import_id uuid not null,
    row       int not null,
    state     text not null check (state in ('new', 'joined', 'invalid', 'removed', 'kept')),
    lead_id   uuid,
    field     text,                         -- the header of a column
    reason    text,
    primary key (organization_id, import_id, row),
    foreign key (organization_id, import_id) references lead_imports (organization_id, id) on delete cascade
);
alter table lead_import_rows enable row level security;
alter table lead_import_rows force row level security;
create policy tenant on lead_import_rows
    using (organization_id = (select nullif(current_setting('app.organization', true), '')::uuid));
grant select, insert, update on lead_import_rows to nextmove_app;

-- An import that is taken back; what hangs on a lead goes with it.
grant delete on leads to nextmove_app;
