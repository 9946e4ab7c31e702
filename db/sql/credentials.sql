-- part: columns
id, user_id, kind, name, secret, created, last_used

-- name: by_user
select {columns} from credentials where user_id = :user order by kind, id

-- name: by_key
select {columns} from credentials where key_hash = :key_hash

-- name: set_account
insert into credentials (user_id, kind, name, secret) values (:user, 'account', '', :secret)
on conflict (user_id, kind, name) do update set secret = excluded.secret, created = now(), last_used = null

-- name: drop_account
delete from credentials where user_id = :user and kind = 'account'

-- name: add
insert into credentials (user_id, kind, name, secret, key_hash)
values (:user, 'device', :name, :secret, :key_hash)
on conflict (user_id, kind, name) do nothing
returning {columns}

-- name: revoke
delete from credentials where user_id = :user and id = :credential and kind = 'device'
returning name

-- name: used
update credentials set last_used = now()
where id = :credential and (last_used is null or last_used < now() - interval '1 hour')

-- name: notify
select pg_notify('dulcian_users', '')
