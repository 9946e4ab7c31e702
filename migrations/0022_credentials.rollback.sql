alter table credentials drop column if exists client;
alter table credentials drop column if exists expires;
alter table credentials drop column if exists scope;
alter table shares drop column if exists sealed_by;
alter table credentials drop column if exists sealed_by;
insert into state (key, value) select 'key', to_json(name) from secret_keys on conflict (key) do nothing;
drop table if exists secret_keys;
