-- The team: invitations, forgotten passwords, pictures. All of the directory, since who asks is nobody's yet, or belongs to several.
-- A code stands here as a keyed hash (`code_index`), and sealed (`code`) only until the mail server has taken the letter it goes with.

-- LP-065
create table invitations (
    id              uuid primary key,
    organization_id uuid not null references organizations (id) on delete cascade,
    email           bytea not null,
    email_index     bytea not null,
    name            bytea not null,
    role            text not null check (role in ('owner', 'manager', 'agent')),
    invited_by      uuid not null references users (id),
    created_at      timestamptz not null,
    code_index      bytea not null,
    code            bytea,
    code_made_at    timestamptz not null,
    by_mail         boolean not null,
    expires_at      timestamptz not null,
    sent_at         timestamptz,
    failed_at       timestamptz,
    accepted_at     timestamptz,
    accepted_by     uuid references users (id),
    withdrawn_at    timestamptz
);
create unique index invitations_open on invitations (organization_id, email_index) where accepted_at is null and withdrawn_at is null;
create index invitations_email on invitations (email_index) where accepted_at is null and withdrawn_at is null;
create index invitations_age on invitations (expires_at);

-- One for each address that was asked for, known or not: the two leave the same traces.
create table password_resets (
    email_index bytea primary key,
    id          uuid not null unique,
    email       bytea not null,
    code_index  bytea not null,
    code        bytea,
    created_at  timestamptz not null,
    expires_at  timestamptz not null
);
create index password_resets_age on password_resets (expires_at);

-- A picture that is taken away leaves its row, so that a version never names two pictures.
create table pictures (
    user_id    uuid primary key references users (id) on delete cascade,
    version    int not null,
    image      bytea,
    changed_at timestamptz not null
);

grant select, insert, update, delete on invitations, password_resets to nextmove_app;
grant select, insert, update on pictures to nextmove_app;
