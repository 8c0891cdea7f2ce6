-- Metrics are appended as they come and packed in the background: docs/adr/0008-metric-tail.md.

-- What was logged and is not packed yet: tracking.v1.MetricsLogged messages of one run, one after the other.
create table metric_tail (
  id   bigint generated always as identity primary key,
  run  bigint not null references run (number) on delete cascade,
  data bytea not null
);
create index metric_tail_run on metric_tail (run);
-- Rows live for a second: they are not worth compressing, and what they leave behind must go soon.
alter table metric_tail alter column data set storage external;
alter table metric_tail set (
  autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000, autovacuum_vacuum_cost_delay = 0,
  autovacuum_vacuum_insert_threshold = -1,
  toast.autovacuum_vacuum_scale_factor = 0, toast.autovacuum_vacuum_threshold = 20000, toast.autovacuum_vacuum_cost_delay = 0,
  toast.autovacuum_vacuum_insert_threshold = -1);

alter table metric rename to old_metric;
alter table old_metric rename constraint metric_pkey to old_metric_pkey;
alter table metric_chunk rename to old_metric_chunk;
alter table old_metric_chunk rename constraint metric_chunk_pkey to old_metric_chunk_pkey;

-- The newest point and the range of each metric; min and max are null while every value is NaN.
create table metric (
  run           bigint not null,
  experiment_id bigint not null,
  step          bigint not null,
  timestamp     bigint not null,
  value         double precision not null,
  min           double precision,
  max           double precision,
  points        bigint not null,
  -- how often points were packed; says when to merge
  folds         bigint not null,
  key           text not null collate "C"
) with (fillfactor = 80);

-- Points, packed; see MetricChunk for the bytes.
create table metric_chunk (
  run        bigint not null,
  number     bigint generated always as identity,
  first_step bigint not null,
  last_step  bigint not null,
  points     int not null,
  -- how many times what is in it was merged, 9 when it is not merged any more
  level      smallint not null,
  key        text not null collate "C",
  data       bytea not null
);
alter table metric_chunk alter column data set storage external;

insert into metric (run, experiment_id, step, timestamp, value, min, max, points, folds, key)
  select r.number, r.experiment_id, m.last_step, m.last_timestamp, m.last_value, m.min, m.max, m.points, m.chunks, m.key
  from old_metric m join run r on r.id = m.run_id;
insert into metric_chunk (run, first_step, last_step, points, level, key, data)
  select r.number, c.first_step, c.last_step, c.points, case when c.points >= 4096 then 9 else 0 end, c.key, c.data
  from old_metric_chunk c join run r on r.id = c.run_id
  order by r.number, c.key, c.number;
drop table old_metric_chunk;
drop table old_metric;

-- With the value, so that a search that looks up a run's metrics reads the index alone.
alter table metric
  add primary key (run, key) include (value),
  add foreign key (run) references run (number) on delete cascade;
create index metric_value on metric (experiment_id, key, value, run) include (min, max);
alter table metric_chunk
  add primary key (run, key, number),
  add foreign key (run) references run (number) on delete cascade;
