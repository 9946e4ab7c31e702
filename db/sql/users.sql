-- part: columns
u.id, u.name, u.password_hash, u.email, u.roles, u.max_bit_rate, u.all_libraries, u.enabled, u.scrobbling,
coalesce(array(
    select l.id from libraries l
    where l.active and (u.all_libraries or exists (
        select from user_libraries ul where ul.user_id = u.id and ul.library_id = l.id))
    order by l.id
), '{}') as libraries

-- name: all
select {columns} from users u order by u.key

-- name: by_key
select {columns} from users u where u.key = :key

-- name: by_id
select {columns} from users u where u.id = :user

-- name: count
select count(*)::integer from users

-- name: add
insert into users (name, key, password_hash, roles) values (:name, :key, :password_hash, :roles)
on conflict (key) do nothing returning id

-- name: set_hash
update users set password_hash = :password_hash where id = :user

-- name: delete
-- The last administrator stays: without one nobody could let anybody in.
delete from users u where u.id = :user and (
    not 'admin' = any(u.roles)
    or exists (select from users o where o.id <> u.id and o.enabled and 'admin' = any(o.roles)))
returning true

-- name: notify
select pg_notify('dulcian_users', '')
