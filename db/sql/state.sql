-- name: get
select value from state where key = :key

-- name: put
insert into state (key, value) values (:key, :value)
on conflict (key) do update set value = excluded.value

-- name: drop
delete from state where key = :key

-- name: take
delete from state where key = :key and value::text = :expected returning true
