-- How good a lead looks, from 0 to 100, by rules that the owner can read and change (LP-032). No row: the rules that a business begins with.
create table scoring_rules (
    organization_id uuid not null default nullif(current_setting('app.organization', true), '')::uuid primary key,
    rules      jsonb not null,
    version    int not null default 1,
    changed_at timestamptz not null
);
alter table scoring_rules enable row level security;
alter table scoring_rules force row level security;
create policy tenant on scoring_rules
    using (organization_id = (select nullif(current_setting('app.organization', true), '')::uuid));
grant select, insert, update, delete on scoring_rules to nextmove_app;

-- As it was when the lead, or the rules, changed last.
alter table leads add column score smallint not null default 0 check (score between 0 and 100);
create index leads_best on leads (organization_id, score desc, created_at desc, id desc) where next_at is not null;
