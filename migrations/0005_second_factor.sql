-- Second factors, sessions that can be told apart, and from where an organization's admins may act. All of it directory: it belongs to a
-- person or is asked before a tenant is known.
set local lock_timeout = '3s';

-- The address a session was opened from: sealed. Until when its person need not prove again who they are: from `proven_at` on.
alter table sessions add column address bytea, add column proven_at timestamptz;

-- A password was right and the second factor is still to come. A table of its own: nothing that looks for sessions can take one for a session.
create table half_sessions (
    id         uuid primary key,
    token_hash bytea not null unique,
    user_id    uuid not null references users (id) on delete cascade,
    created_at timestamptz not null,
    expires_at timestamptz not null
);
create index half_sessions_expiry on half_sessions (expires_at);

-- An authenticator app. The secret is sealed; a step of 30 seconds is taken once.
create table totp_factors (
    user_id      uuid primary key references users (id) on delete cascade,
    secret       bytea not null,
    last_step    bigint not null,
    created_at   timestamptz not null,
    last_used_at timestamptz
);

-- The credential (public key, counter, flags) and the name its owner gave it are sealed.
create table passkeys (
    id            uuid primary key,
    user_id       uuid not null references users (id) on delete cascade,
    credential_id bytea not null unique,
    credential    bytea not null,
    label         bytea not null,
    created_at    timestamptz not null,
    last_used_at  timestamptz
);
create index passkeys_user on passkeys (user_id);

-- HMAC under an index key: worth nothing without it.
create table recovery_codes (
    user_id    uuid not null references users (id) on delete cascade,
    code_hash  bytea not null,
    created_at timestamptz not null,
    used_at    timestamptz,
    primary key (user_id, code_hash)
);

-- What the server must remember between the two halves of a ceremony: sealed, taken once, bound to whoever began.
create table ceremonies (
    id         uuid primary key,
    kind       text not null,
    bound_to   uuid,
    state      bytea not null,
    expires_at timestamptz not null
);
create index ceremonies_expiry on ceremonies (expires_at);

-- Somebody else took a person's factors away: told to them until they have read it.
create table factor_resets (
    user_id uuid primary key references users (id) on delete cascade,
    by_user uuid references users (id),
    at      timestamptz not null
);

-- LP-065. No row: nobody needs a second factor, and admins may act from anywhere.
create table access_rules (
    organization_id  uuid primary key references organizations (id) on delete cascade,
    second_factor    text not null default 'nobody' check (second_factor in ('nobody', 'owners', 'managers', 'everybody')),
    allowed_networks text[] not null default '{}',
    version          int not null default 1,
    changed_at       timestamptz not null
);

grant select, insert, update, delete on half_sessions, totp_factors, passkeys, recovery_codes, ceremonies, factor_resets, access_rules
    to nextmove_app;
