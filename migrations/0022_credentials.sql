-- App passwords with a scope and an end, and the app that used them last; what is sealed names its key.
-- depends: 0002_users 0007_shares

-- Fingerprints of the keys that something in the tables is sealed with: one, but while it is changed.
create table if not exists secret_keys (
    name          text primary key,
    since         timestamptz not null default now()
);
insert into secret_keys (name) select value #>> '{}' from state where key = 'key' on conflict do nothing;
delete from state where key = 'key';

-- No key leaves while anything is sealed with it, and nothing can be sealed with one that has left.
alter table credentials add column if not exists sealed_by text references secret_keys;
update credentials set sealed_by = (select name from secret_keys) where sealed_by is null;
alter table credentials alter column sealed_by set not null;
alter table shares add column if not exists sealed_by text references secret_keys;
update shares set sealed_by = (select name from secret_keys) where sealed_by is null;
alter table shares alter column sealed_by set not null;

alter table credentials add column if not exists scope text not null default 'full'
    check (scope in ('stream', 'read', 'full'));
alter table credentials add column if not exists expires timestamptz;           -- null: never
alter table credentials add column if not exists client text not null default '';   -- of the last use
