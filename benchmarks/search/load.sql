-- A million runs of one experiment with 20 metrics, 20 params and 5 tags each, and a thousand runs of another.
-- The tables come from the migrations and are empty. Loading without indexes and building them afterwards takes a third of the time.

set search_path = tracker;
set maintenance_work_mem = '600MB';
set synchronous_commit = off;
select setseed(0.42);

insert into experiment (id, name, artifact_location) overriding system value
  values (1, 'million', 'mlflow-artifacts:/1'), (2, 'thousand', 'mlflow-artifacts:/2');

alter table param drop constraint param_pkey, drop constraint param_run_fkey;
drop index param_value;
alter table tag drop constraint tag_pkey, drop constraint tag_run_fkey;
drop index tag_value;
alter table metric drop constraint metric_pkey;
drop index metric_value;

insert into run (number, id, experiment_id, name, user_id, status, start_time, end_time, artifact_uri)
  overriding system value
  select i, md5(i::text), case when i <= 1000000 then 1 else 2 end, 'run-' || i, 'user' || i % 50,
    case i % 20 when 0 then 'FAILED' else 'FINISHED' end,
    timestamptz '2025-01-01' + i * interval '7 s', timestamptz '2025-01-01' + i * interval '7 s' + random() * interval '2 h',
    'mlflow-artifacts:/1/' || md5(i::text) || '/artifacts'
  from generate_series(1, 1001000) i;

begin;
truncate metric;
insert into metric (run, key, experiment_id, value, step, timestamp, min, max, points, folds)
  select i, k, case when i <= 1000000 then 1 else 2 end, v, 100, 1735689600000 + i::bigint * 7000, least(v, v - 0.1), greatest(v, v + 0.1), 100, 1
  from generate_series(1, 1001000) i, lateral (
    select k, case k
      when 'epoch' then 1 + floor(random() * 50)
      when 'loss' then -ln(random() + 1e-9)
      when 'nan' then case when i % 20 = 0 then 'NaN' else random() end
      else random() end as v
    from unnest(array['acc', 'auc', 'epoch', 'f1', 'loss', 'm05', 'm06', 'm07', 'm08', 'm09', 'm10', 'm11', 'm12', 'm13',
      'm14', 'm15', 'm16', 'm17', 'nan', 'val_loss']) k offset 0) x;
commit;
alter table metric add constraint metric_pkey primary key (run, key) include (value);
create index metric_value on metric (experiment_id, key, value, run) include (min, max);

begin;
truncate param;
insert into param (run, key, value, experiment_id)
  select i, k, case k
      when 'depth' then (1 + i % 12)::text
      when 'lr' then (array['0.1', '0.03', '0.01', '0.003', '0.001'])[1 + i % 5]
      when 'model' then (array['xgboost', 'forest', 'linear', 'mlp', 'svm'])[1 + i % 7 % 5]
      when 'seed' then i::text
      else floor(random() * 1000)::text end,
    case when i <= 1000000 then 1 else 2 end
  from generate_series(1, 1001000) i, lateral (
    select k from unnest(array['depth', 'lr', 'model', 'p03', 'p04', 'p05', 'p06', 'p07', 'p08', 'p09', 'p10', 'p11', 'p12', 'p13',
      'p14', 'p15', 'p16', 'p17', 'p18', 'seed']) k offset 0) x;
commit;
alter table param add constraint param_pkey primary key (run, key);
create index param_value on param (experiment_id, key, beginning, run);

begin;
truncate tag;
insert into tag (run, key, value, experiment_id)
  select i, k, case k
      when 'mlflow.runName' then 'run-' || i
      when 'mlflow.user' then 'user' || i % 50
      when 'mlflow.source.name' then 'train.py'
      when 'rare' then case when i % 1000 = 7 then 'yes' else 'no' end
      else 'team' || i % 10 end,
    case when i <= 1000000 then 1 else 2 end
  from generate_series(1, 1001000) i,
    unnest(array['mlflow.runName', 'mlflow.source.name', 'mlflow.user', 'rare', 'team']) k;
commit;
alter table tag add constraint tag_pkey primary key (run, key);
create index tag_value on tag (experiment_id, key, beginning, run);

vacuum (freeze, analyze) run;
vacuum (freeze, analyze) metric;
vacuum (freeze, analyze) param;
vacuum (freeze, analyze) tag;
