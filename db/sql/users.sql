-- part: columns
u.id, u.name, u.password_hash, u.email, u.roles, u.max_bit_rate, u.all_libraries, u.enabled, u.scrobbling,
coalesce(array(
    select l.id from libraries l
    where l.active and (u.all_libraries or exists (
        select from user_libraries ul where ul.user_id = u.id and ul.library_id = l.id))
    order by l.id
), '{}') as libraries,
(select a.changed from avatars a where a.user_id = u.id) as avatar_changed,
u.max_streams, u.max_rate, u.max_transcodes

-- name: all
select {columns} from users u order by u.key

-- name: by_key
select {columns} from users u where u.key = :key

-- name: by_id
select {columns} from users u where u.id = :user

-- name: by_credential
select {columns} from users u join credentials c on c.user_id = u.id
where c.id = :credential and {credentials.lives}

-- name: rehash
-- Another hash of the same password: whoever is signed in with it stays so.
with rehashed as (
    update users set password_hash = :new where id = :user and password_hash = :old
)
update sessions set data = jsonb_set(data::jsonb, array['password'], to_jsonb(:after::text))::json
where user_id = :user and data ->> 'password' = :before

-- name: count
select count(*)::integer from users

-- name: add
insert into users (name, key, password_hash, email, roles, max_bit_rate, all_libraries)
values (:name, :key, :password_hash, :email, :roles, :max_bit_rate, :all_libraries)
on conflict (key) do nothing returning id

-- name: change
-- What is null stays; of the limits, null is one. Who may more or less than before has to sign in anew.
with before as (select roles from users where id = :user), changed as (
update users set
    password_hash = coalesce(:password_hash, password_hash),
    email = coalesce(:email, email),
    roles = array(
        select distinct role from unnest(roles || :more::text[]) as role
        where not role = any(:less::text[]) order by role),
    max_bit_rate = coalesce(:max_bit_rate, max_bit_rate),
    max_streams = case when :limited::boolean then :max_streams else max_streams end,
    max_rate = case when :limited::boolean then :max_rate else max_rate end,
    max_transcodes = case when :limited::boolean then :max_transcodes else max_transcodes end,
    all_libraries = coalesce(:all_libraries, all_libraries),
    enabled = coalesce(:enabled, enabled)
where id = :user returning roles
), ended as (
    delete from sessions using before, changed
    where user_id = :user and not (before.roles @> changed.roles and before.roles <@ changed.roles)
)
select exists (select from changed)

-- name: withdraw
delete from user_libraries where user_id = :user

-- name: grant
with granted as (
    insert into user_libraries (user_id, library_id)
    select :user, id from libraries where active and id = any(:libraries::integer[])
    returning 1
)
select count(*)::integer from granted

-- name: delete
delete from users where id = :user returning true

-- name: lock
-- Reading goes on, and so does what refers to users; two changes of accounts take turns.
lock table users in share row exclusive mode

-- name: has_admin
select exists (select from users where enabled and 'admin' = any(roles))

-- name: notify
select pg_notify('dulcian_users', '')
