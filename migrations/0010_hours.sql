-- When a business is there to call (LP-029). No row, or no schedule: at every minute.
create table business_hours (
    organization_id uuid primary key default nullif(current_setting('app.organization', true), '')::uuid,
    schedule        jsonb,
    version         int not null default 1,
    changed_at      timestamptz not null
);
alter table business_hours enable row level security;
alter table business_hours force row level security;
create policy tenant on business_hours
    using (organization_id = (select nullif(current_setting('app.organization', true), '')::uuid));
grant select, insert, update, delete on business_hours to nextmove_app;

-- From when on somebody is there to call: what comes at night has its time from the morning on. Filled at capture; null where it is not known.
alter table leads add column opens_at timestamptz;
-- How long the person waited for the first attempt, by the clock and by the business's hours as they stood then. In whole seconds.
alter table leads add column response_seconds int;
alter table leads add column response_business_seconds int;
comment on column leads.due_at is 'opens_at and the organization''s minutes, counted in its business hours';
