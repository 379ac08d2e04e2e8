-- Messages to people: SMS and e-mail, their deliveries, who wants none.

-- A person's own mobile number, for alerts. Sealed, like their address.
alter table users add column phone bytea;

-- Directory: by what a vendor tells, the organization is found. Of a text the sender and the recipient's index (under the directory's key) say
-- whose an answer is; of an unsubscribe link its hash.
create table message_routes (
    message_id      uuid primary key,
    organization_id uuid not null,
    channel         text not null check (channel in ('sms', 'email')),
    provider        text,
    provider_id     text,
    sender          text,
    address_index   bytea,
    link_hash       bytea unique,
    created_at      timestamptz not null
);
create index message_routes_provider on message_routes (provider, provider_id) where provider_id is not null;
create index message_routes_address on message_routes (address_index, created_at desc) where address_index is not null;
create index message_routes_age on message_routes (created_at);

-- Directory: which organization a sender's number belongs to.
create table sender_numbers (
    number          text primary key,
    organization_id uuid not null unique,
    since           timestamptz not null
);

-- Directory: what vendors tell, on disk before they are answered. What is nobody's is kept, for an operator to see.
create table message_callbacks (
    id          uuid primary key,
    provider    text not null,
    dedupe      text not null,
    payload     bytea,                   -- sealed; gone once it is taken in
    state       text not null default 'waiting' check (state in ('waiting', 'done', 'unknown')),
    received_at timestamptz not null,
    unique (provider, dedupe)
);
create index message_callbacks_age on message_callbacks (received_at);
grant select, insert, update, delete on message_routes, sender_numbers, message_callbacks to nextmove_app;

create table messages (
    organization_id uuid not null default nullif(current_setting('app.organization', true), '')::uuid,
    id            uuid not null,
    channel       text not null check (channel in ('sms', 'email')),
    direction     text not null check (direction in ('out', 'in')),
    purpose       text not null check (purpose in ('alert', 'sequence', 'test', 'answer')),
    lead_id       uuid,
    user_id       uuid,
    key           text,
    address       bytea,                  -- sealed; of a colleague only once it is sent
    address_index bytea,
    subject       bytea,                  -- sealed
    text          bytea,                  -- sealed
    html          bytea,                  -- sealed
    sender        text,
    state         text not null check (state in ('queued', 'sending', 'sent', 'delivered', 'undelivered', 'failed', 'cancelled', 'received')),
    provider      text,
    provider_id   text,
    segments      smallint,
    family        text,                   -- why it did not arrive
    code          text,                   -- the vendor's
    created_at    timestamptz not null,
    claimed_at    timestamptz,            -- handed to the vendor, who may not have answered
    sent_at       timestamptz,
    settled_at    timestamptz,
    primary key (organization_id, id)
);
create unique index messages_key on messages (organization_id, key) where key is not null;
create index messages_lead on messages (organization_id, lead_id, created_at) where lead_id is not null;
create index messages_address on messages (organization_id, address_index, created_at desc) where address_index is not null;
create index messages_passing on messages (organization_id, created_at) where lead_id is null;
alter table messages enable row level security;
alter table messages force row level security;
create policy tenant on messages
    using (organization_id = (select nullif(current_setting('app.organization', true), '')::uuid));
grant select, insert, update, delete on messages to nextmove_app;

-- Who is not to be written to. A row is there as long as it holds.
create table suppressions (
    organization_id uuid not null default nullif(current_setting('app.organization', true), '')::uuid,
    id            uuid not null,
    channel       text not null check (channel in ('sms', 'email')),
    address       bytea not null,         -- sealed
    address_index bytea not null,
    why           text not null check (why in ('stop', 'bounce', 'complaint', 'link', 'hand')),
    by_user       uuid,
    since         timestamptz not null,
    primary key (organization_id, id),
    unique (organization_id, channel, address_index)
);
create index suppressions_since on suppressions (organization_id, since desc, id desc);
alter table suppressions enable row level security;
alter table suppressions force row level security;
create policy tenant on suppressions
    using (organization_id = (select nullif(current_setting('app.organization', true), '')::uuid));
grant select, insert, update, delete on suppressions to nextmove_app;

-- No row: the deployment's sender, no address for replies.
create table sending_settings (
    organization_id uuid primary key default nullif(current_setting('app.organization', true), '')::uuid,
    sms_sender text,
    reply_to   text,                      -- the business's own, which it shows to everybody it writes to
    version    int not null default 1,
    changed_at timestamptz not null
);
alter table sending_settings enable row level security;
alter table sending_settings force row level security;
create policy tenant on sending_settings
    using (organization_id = (select nullif(current_setting('app.organization', true), '')::uuid));
grant select, insert, update, delete on sending_settings to nextmove_app;
