-- The metric of a run whose points somebody wants to be told of.
alter table run add column watched text;

-- Its points that were not told yet, as tracking.v1.MetricsLogged; written with the points themselves.
create table watched_point (
  number bigint generated always as identity primary key,
  run    bigint not null references run (number) on delete cascade,
  data   bytea not null
);
