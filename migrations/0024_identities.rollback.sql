drop table if exists spent_states;
drop table if exists identities;
