-- To whom leads are given (LP-031). No row: everybody sees them, whoever claims one has it.
create table distribution_policies (
    organization_id uuid not null default nullif(current_setting('app.organization', true), '')::uuid primary key,
    policy     jsonb not null,
    version    int not null default 1,
    changed_at timestamptz not null
);
alter table distribution_policies enable row level security;
alter table distribution_policies force row level security;
create policy tenant on distribution_policies
    using (organization_id = (select nullif(current_setting('app.organization', true), '')::uuid));
grant select, insert, update, delete on distribution_policies to nextmove_app;

-- What each person has coming of what a rule gives out in turn; the nil pool is that of what no rule is for.
create table distribution_shares (
    organization_id uuid not null default nullif(current_setting('app.organization', true), '')::uuid,
    pool     uuid not null,
    user_id  uuid not null references users (id),
    credit   bigint not null,             -- billionths of a lead
    turn     bigint not null,             -- of the pool's leads, the one that they were given last; 0: none
    primary key (organization_id, pool, user_id)
);
alter table distribution_shares enable row level security;
alter table distribution_shares force row level security;
create policy tenant on distribution_shares
    using (organization_id = (select nullif(current_setting('app.organization', true), '')::uuid));
grant select, insert, update, delete on distribution_shares to nextmove_app;

-- What became of a lead when somebody was looked for.
create table placements (
    organization_id uuid not null default nullif(current_setting('app.organization', true), '')::uuid,
    lead_id  uuid not null,
    user_id  uuid,                        -- whom it was given to; null: offered, or waiting
    why      jsonb not null,              -- ids, counts, words of ours
    step     int not null default 0,      -- of a roll-out: the group that it was offered to last
    again_at timestamptz,                 -- of a roll-out: when the next group's turn comes
    at       timestamptz not null,
    primary key (organization_id, lead_id),
    foreign key (organization_id, lead_id) references leads (organization_id, id) on delete cascade
);
alter table placements enable row level security;
alter table placements force row level security;
create policy tenant on placements
    using (organization_id = (select nullif(current_setting('app.organization', true), '')::uuid));
grant select, insert, update, delete on placements to nextmove_app;

-- Since when a lead waits for somebody who is free.
alter table leads add column queued_at timestamptz;
create index leads_queue on leads (organization_id, created_at, id) where queued_at is not null;
