-- name: of
select a.picture, a.changed from avatars a join users u on u.id = a.user_id where u.key = :key

-- name: put
insert into avatars (user_id, picture) values (:user, :picture)
on conflict (user_id) do update set picture = excluded.picture, changed = now()

-- name: remove
delete from avatars where user_id = :user

-- name: notify
select pg_notify('dulcian_users', '')
