-- How each connection is, looked over every hour: of the directory, since operators look after many organizations. Ids and words only.
alter table meta_pages
    add column name           text,          -- the page's, a business's
    add column checked_at     timestamptz,   -- when all of it was last looked over
    add column trouble_since  timestamptz,
    add column trouble_step   text,
    add column trouble_mend   text,
    add column trouble_kind   text check (trouble_kind in ('missing', 'late')),
    add column told_at        timestamptz,   -- when people were last told that it broke
    add column token_ends_at  timestamptz,   -- the sooner of the token's end and of its right to read data
    add column budget_percent int,           -- of Meta's budget for calls, when it was last much
    add column slow_until     timestamptz;   -- until then the lists are not asked
comment on column meta_pages.trouble_kind is 'missing: leads cannot be read. late: they are found by asking, so within minutes.';

-- What stood in a form's list at Meta: the other side of the count of leads. Ids only; forgotten after some weeks.
create table meta_listed (
    organization_id  uuid not null default nullif(current_setting('app.organization', true), '')::uuid,
    external_id      text not null,
    form_external_id text not null,
    sent_at          timestamptz not null,
    listed_at        timestamptz not null,
    missed           boolean not null,       -- no webhook had told of it in time
    primary key (organization_id, external_id)
);
create index meta_listed_sent on meta_listed (organization_id, sent_at);
alter table meta_listed enable row level security;
alter table meta_listed force row level security;
create policy tenant on meta_listed
    using (organization_id = (select nullif(current_setting('app.organization', true), '')::uuid));
grant select, insert, delete on meta_listed to nextmove_app;
