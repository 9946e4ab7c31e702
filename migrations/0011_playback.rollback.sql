alter table plays drop column if exists reported;
alter table now_playing
    drop column if exists ignored,
    drop column if exists counted,
    drop column if exists listened,
    drop column if exists playback_rate,
    drop column if exists position_ms,
    drop column if exists reported,
    drop column if exists state;
