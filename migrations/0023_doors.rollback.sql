alter table sessions drop column if exists agent;
alter table sessions drop column if exists address;
alter table sessions drop column if exists seen;
alter table sessions drop column if exists id;
drop table if exists audit;
drop table if exists known_devices;
drop table if exists tries;
