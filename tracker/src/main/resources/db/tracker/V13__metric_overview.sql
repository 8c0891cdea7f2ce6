-- Of a chunk with many points: the lowest and the highest of each part, packed as the points are. Charts of
-- long metrics are drawn from these. Chunks from before have none and are read whole.
alter table metric_chunk add column overview bytea;
