-- The audit trail (LP-008, LP-051, LP-064): who did or saw what, when, from where. docs/decisions/0004-audit-chain.md

set local lock_timeout = '3s';

-- The head of the chain stands beside the organization's event counter, so that one lock, taken last, orders both.
alter table event_heads
    add column audit_number bigint not null default 0,
    add column audit_hash bytea not null default '\x0000000000000000000000000000000000000000000000000000000000000000',
    add column audit_before bytea not null default '\x0000000000000000000000000000000000000000000000000000000000000000'; -- the hash before the last write

create table audit_entries (
    organization_id uuid not null default nullif(current_setting('app.organization', true), '')::uuid,
    number       bigint not null,        -- gapless, in commit order
    at           timestamptz not null,
    actor_kind   text not null,
    actor_id     uuid,
    action       text not null,
    subject_kind text,
    subject_id   uuid,
    details      json not null,          -- json, not jsonb: the exact text is what was hashed; no personal data
    request_id   text,
    origin_id    uuid,
    origin_hash  bytea,                  -- of the plain text of the origin
    previous     bytea not null,
    hash         bytea not null,
    primary key (organization_id, number)
);
comment on table audit_entries is 'LP-051. Append-only, and a chain: each hash covers the one before it. No foreign keys: what is told of outlives nothing here.';
create index audit_entries_at on audit_entries (organization_id, at, number);
create index audit_entries_subject on audit_entries (organization_id, subject_id, at) where subject_id is not null;
create index audit_entries_actor on audit_entries (organization_id, actor_id, at) where actor_id is not null;
create index audit_entries_action on audit_entries (organization_id, action, at) where action <> 'lead_captured'; -- the one that is most of them
alter table audit_entries enable row level security;
alter table audit_entries force row level security;
create policy tenant on audit_entries
    using (organization_id = (select nullif(current_setting('app.organization', true), '')::uuid));
grant select, insert on audit_entries to nextmove_app;

-- From where: address and device, sealed. Beside the entries, so that it can be sealed anew and, one day, erased, and the chain still holds.
create table audit_origins (
    organization_id uuid not null default nullif(current_setting('app.organization', true), '')::uuid,
    id     uuid not null,
    origin bytea not null,               -- sealed
    primary key (organization_id, id)
);
alter table audit_origins enable row level security;
alter table audit_origins force row level security;
create policy tenant on audit_origins
    using (organization_id = (select nullif(current_setting('app.organization', true), '')::uuid));
grant select, insert on audit_origins to nextmove_app;
grant update (origin) on audit_origins to nextmove_app;

-- What the checks of the chain found.
create table audit_checks (
    organization_id uuid not null default nullif(current_setting('app.organization', true), '')::uuid,
    id      uuid not null,
    at      timestamptz not null,
    number  bigint not null,             -- whole up to here
    hash    bytea not null,
    finding text,                        -- the first break
    primary key (organization_id, id)
);
alter table audit_checks enable row level security;
alter table audit_checks force row level security;
create policy tenant on audit_checks
    using (organization_id = (select nullif(current_setting('app.organization', true), '')::uuid));
grant select, insert on audit_checks to nextmove_app;

-- The hashes of entries that follow on `before`, the first of which has the number after `number`.
create function audit_links(before bytea, number bigint, digests bytea[]) returns bytea[]
language plpgsql immutable parallel safe as $$
declare
    link bytea := before;
    links bytea[] := '{}';
begin
    for position in 1 .. cardinality(digests) loop
        link := sha256('\x01'::bytea || link || int8send(number + position) || digests[position]);
        links := array_append(links, link);
    end loop;
    return links;
end
$$;
