-- The key itself is nowhere in the database. Between two rotations one row names it.

-- name: current
select name from secret_keys

-- name: lock
lock table secret_keys in share row exclusive mode

-- name: first
insert into secret_keys (name) select :name where not exists (select from secret_keys) returning name

-- name: hold
select name from secret_keys for update

-- name: count
select ((select count(*) from credentials) + (select count(*) from shares))::integer

-- name: add
insert into secret_keys (name) values (:name)

-- name: drop
-- Fails while anything is sealed with it.
delete from secret_keys where name = :name

-- name: credentials
select id::bigint, user_id as owner, secret as data, sealed_by as key
from credentials where id > :after::bigint and sealed_by <> :new order by id limit :most

-- name: reseal_credentials
update credentials c set secret = n.data, sealed_by = :key
from unnest(:ids::bigint[], :data::bytea[]) n (id, data) where c.id = n.id

-- name: shares
select id, user_id as owner, token as data, sealed_by as key
from shares where id > :after and sealed_by <> :new order by id limit :most

-- name: reseal_shares
update shares s set token = n.data, sealed_by = :key
from unnest(:ids::bigint[], :data::bytea[]) n (id, data) where s.id = n.id

-- name: notify
-- Accounts that nodes keep in memory are sealed with the old one.
select pg_notify('dulcian_keys', ''), pg_notify('dulcian_users', '')
