-- part: fit
-- How well something fits, 0 is best. Each question is put only where the one before was denied.
case when name_key = :key then 0
     when starts_with(name_key, :key) then 1
     when words @@ :in_name::tsquery then 2
     when words @@ :prefixes::tsquery then case
         when words @@ :some_in_name::tsquery then 3
         when words @@ :in_people::tsquery then 4
         else 5 end
     when name_key like all(:inside::text[]) then 6
     else 7 end as fit

-- part: best
-- What fits equally well: what this user plays most, then by name.
fit, plays desc, name_key, id

-- name: vocabulary
select string_agg(word, e'\n' order by length(word), word) from words

-- name: learn
with added as (
    insert into words (word) select unnest(:words::text[]) on conflict do nothing returning word
)
select pg_notify('dulcian_words', '') where exists (select from added)

-- name: forget
delete from words
