-- Follow-up sequences (LP-030): what an owner wrote, and where each lead stands in it.

create table sequences (
    organization_id uuid not null default nullif(current_setting('app.organization', true), '')::uuid,
    id         uuid not null,
    name       text not null,
    is_active  boolean not null,
    -- What begins it, and for which leads: ids and words of ours. Steps hold what the owner wrote for everybody, and no person's data.
    trigger    text not null check (trigger in ('new_lead', 'no_answer', 'by_hand')),
    filter     jsonb not null,
    steps      jsonb not null,
    version    int not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    archived_at timestamptz,
    primary key (organization_id, id)
);
alter table sequences enable row level security;
alter table sequences force row level security;
create policy tenant on sequences
    using (organization_id = (select nullif(current_setting('app.organization', true), '')::uuid));
grant select, insert, update on sequences to nextmove_app;

-- A lead in a sequence: with the steps as they stood when it began, so that an edit does not change what somebody is in the middle of.
create table sequence_runs (
    organization_id uuid not null default nullif(current_setting('app.organization', true), '')::uuid,
    id          uuid not null,
    sequence_id uuid not null,
    lead_id     uuid not null,
    steps       jsonb not null,
    position    int not null default 0,     -- of the step that comes next
    state       text not null default 'running' check (state in ('running', 'done', 'stopped')),
    why         text,                       -- it was stopped
    next_at     timestamptz,
    phone_index bytea,
    email_index bytea,
    message_id  uuid,                       -- the last one
    started_at  timestamptz not null,
    ended_at    timestamptz,
    primary key (organization_id, id),
    foreign key (organization_id, sequence_id) references sequences (organization_id, id),
    foreign key (organization_id, lead_id) references leads (organization_id, id) on delete cascade
);
-- One at a time: two sequences would talk across each other. And each only once for a lead by itself.
create unique index sequence_runs_running on sequence_runs (organization_id, lead_id) where state = 'running';
create index sequence_runs_lead on sequence_runs (organization_id, lead_id, started_at desc);
create index sequence_runs_due on sequence_runs (organization_id, next_at) where state = 'running';
create index sequence_runs_sequence on sequence_runs (organization_id, sequence_id, state);
alter table sequence_runs enable row level security;
alter table sequence_runs force row level security;
create policy tenant on sequence_runs
    using (organization_id = (select nullif(current_setting('app.organization', true), '')::uuid));
grant select, insert, update on sequence_runs to nextmove_app;

-- Directory: whose streams are read for sequences, and how far. A row as long as there is a sequence that begins by itself, or a lead in one.
create table sequence_followers (
    organization_id uuid primary key,
    sequence        bigint not null         -- of the last event that was read
);
grant select, insert, update, delete on sequence_followers to nextmove_app;

-- What a sequence asks the team to do is a note that nobody wrote.
alter table lead_notes alter column author_id drop not null;
alter table lead_notes add column kind text not null default 'note';
