-- Who is there when (LP-031). No row: the organization's hours, a share of one, as many leads as come.
create table shifts (
    organization_id uuid not null default nullif(current_setting('app.organization', true), '')::uuid,
    user_id     uuid not null references users (id),
    schedule    jsonb,                    -- null: the organization's hours
    away        jsonb not null default '[]',
    takes_leads boolean,                  -- null: as the role says
    weight      int not null default 1 check (weight between 1 and 10),
    capacity    int check (capacity between 1 and 500),
    version     int not null default 1,
    changed_at  timestamptz not null,
    primary key (organization_id, user_id)
);
alter table shifts enable row level security;
alter table shifts force row level security;
create policy tenant on shifts
    using (organization_id = (select nullif(current_setting('app.organization', true), '')::uuid));
grant select, insert, update, delete on shifts to nextmove_app;

-- Who is away for a while. One that has passed counts for nothing, and stands until the next one.
create table pauses (
    organization_id uuid not null default nullif(current_setting('app.organization', true), '')::uuid,
    user_id  uuid not null references users (id),
    since    timestamptz not null,
    until    timestamptz,                 -- null: until they come back
    actor_id uuid,                        -- who said so
    primary key (organization_id, user_id)
);
alter table pauses enable row level security;
alter table pauses force row level security;
create policy tenant on pauses
    using (organization_id = (select nullif(current_setting('app.organization', true), '')::uuid));
grant select, insert, update, delete on pauses to nextmove_app;
