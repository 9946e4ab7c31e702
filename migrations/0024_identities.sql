-- Who accounts are elsewhere: at a provider of sign-ins, or in a directory.
-- depends: 0002_users

create table if not exists identities (
    issuer        text not null,
    subject       text not null,                        -- never a name or an e-mail address by itself
    user_id       integer not null references users on delete cascade,
    created       timestamptz not null default now(),
    last_used     timestamptz,
    primary key (issuer, subject),
    unique (user_id, issuer)
);

-- Sign-ins that came back from a provider, so that none does so twice.
create table if not exists spent_states (
    hash          bytea primary key,                    -- SHA-256 of the state
    expires       timestamptz not null
);
create index if not exists spent_states_expires on spent_states (expires);
