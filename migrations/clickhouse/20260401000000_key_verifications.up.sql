-- Every verification, and its counts per minute, hour, day and month. Buckets are those of UTC, whatever the time zone of
-- the server is. Each table that is written with or through another remembers the latest batches, so that one that is sent
-- again counts once on every level, and one that broke off between two levels is completed.
CREATE TABLE IF NOT EXISTS key_verifications_raw_v2
(
    request_id String CODEC(ZSTD(1)),
    time Int64 CODEC(Delta, ZSTD(1)),
    workspace_id String CODEC(ZSTD(1)),
    key_space_id String CODEC(ZSTD(1)),
    identity_id String CODEC(ZSTD(1)),
    external_id String CODEC(ZSTD(1)),
    key_id String CODEC(ZSTD(1)),
    region LowCardinality(String) CODEC(ZSTD(1)),
    source LowCardinality(String) DEFAULT 'api' CODEC(ZSTD(1)),
    app_id LowCardinality(String) DEFAULT '' CODEC(ZSTD(1)),
    outcome LowCardinality(String) CODEC(ZSTD(1)),
    tags Array(String) DEFAULT [] CODEC(ZSTD(1)),
    spent_credits Int64 CODEC(ZSTD(1)),
    latency Float64 CODEC(ZSTD(1)),
    INDEX idx_request_id request_id TYPE bloom_filter GRANULARITY 1,
    INDEX idx_identity_id identity_id TYPE bloom_filter GRANULARITY 1,
    INDEX idx_external_id external_id TYPE bloom_filter GRANULARITY 1,
    INDEX idx_key_id key_id TYPE bloom_filter GRANULARITY 1,
    INDEX idx_tags tags TYPE bloom_filter GRANULARITY 1
)
ENGINE = MergeTree
ORDER BY (workspace_id, time, key_space_id, outcome)
TTL toDateTime(fromUnixTimestamp64Milli(time)) + INTERVAL 90 DAY
SETTINGS non_replicated_deduplication_window = 10000;

CREATE TABLE IF NOT EXISTS key_verifications_per_minute_v3
(
    time DateTime,
    workspace_id String,
    key_space_id String,
    identity_id String,
    external_id String,
    key_id String,
    outcome LowCardinality(String),
    source LowCardinality(String),
    app_id LowCardinality(String),
    tags Array(String),
    count SimpleAggregateFunction(sum, Int64),
    spent_credits SimpleAggregateFunction(sum, Int64),
    latency_avg AggregateFunction(avg, Float64),
    latency_p75 AggregateFunction(quantilesTDigest(0.75), Float64),
    latency_p99 AggregateFunction(quantilesTDigest(0.99), Float64),
    INDEX idx_identity_id identity_id TYPE bloom_filter GRANULARITY 4,
    INDEX idx_key_id key_id TYPE bloom_filter GRANULARITY 4,
    INDEX idx_tags tags TYPE bloom_filter GRANULARITY 4
)
ENGINE = AggregatingMergeTree
PARTITION BY toStartOfDay(time)
ORDER BY (workspace_id, time, key_space_id, identity_id, external_id, key_id, outcome, tags, source, app_id)
TTL time + INTERVAL 90 DAY
SETTINGS non_replicated_deduplication_window = 10000;

CREATE MATERIALIZED VIEW IF NOT EXISTS key_verifications_per_minute_mv_v3 TO key_verifications_per_minute_v3 AS
SELECT
    toStartOfMinute(fromUnixTimestamp64Milli(events.time), 'UTC') AS time,
    workspace_id, key_space_id, identity_id, external_id, key_id, outcome, tags, source, app_id,
    count() AS count,
    sum(events.spent_credits) AS spent_credits,
    avgState(events.latency) AS latency_avg,
    quantilesTDigestState(0.75)(events.latency) AS latency_p75,
    quantilesTDigestState(0.99)(events.latency) AS latency_p99
FROM key_verifications_raw_v2 AS events
GROUP BY workspace_id, time, key_space_id, identity_id, external_id, key_id, outcome, tags, source, app_id;

CREATE TABLE IF NOT EXISTS key_verifications_per_hour_v3
(
    time DateTime,
    workspace_id String,
    key_space_id String,
    identity_id String,
    external_id String,
    key_id String,
    outcome LowCardinality(String),
    source LowCardinality(String),
    app_id LowCardinality(String),
    tags Array(String),
    count SimpleAggregateFunction(sum, Int64),
    spent_credits SimpleAggregateFunction(sum, Int64),
    latency_avg AggregateFunction(avg, Float64),
    latency_p75 AggregateFunction(quantilesTDigest(0.75), Float64),
    latency_p99 AggregateFunction(quantilesTDigest(0.99), Float64),
    INDEX idx_identity_id identity_id TYPE bloom_filter GRANULARITY 4,
    INDEX idx_key_id key_id TYPE bloom_filter GRANULARITY 4,
    INDEX idx_tags tags TYPE bloom_filter GRANULARITY 4
)
ENGINE = AggregatingMergeTree
PARTITION BY toStartOfDay(time)
ORDER BY (workspace_id, time, key_space_id, identity_id, external_id, key_id, outcome, tags, source, app_id)
TTL time + INTERVAL 90 DAY
SETTINGS non_replicated_deduplication_window = 10000;

CREATE MATERIALIZED VIEW IF NOT EXISTS key_verifications_per_hour_mv_v3 TO key_verifications_per_hour_v3 AS
SELECT
    toStartOfHour(events.time, 'UTC') AS time,
    workspace_id, key_space_id, identity_id, external_id, key_id, outcome, tags, source, app_id,
    sum(events.count) AS count,
    sum(events.spent_credits) AS spent_credits,
    avgMergeState(events.latency_avg) AS latency_avg,
    quantilesTDigestMergeState(0.75)(events.latency_p75) AS latency_p75,
    quantilesTDigestMergeState(0.99)(events.latency_p99) AS latency_p99
FROM key_verifications_per_minute_v3 AS events
GROUP BY workspace_id, time, key_space_id, identity_id, external_id, key_id, outcome, tags, source, app_id;

CREATE TABLE IF NOT EXISTS key_verifications_per_day_v3
(
    time Date,
    workspace_id String,
    key_space_id String,
    identity_id String,
    external_id String,
    key_id String,
    outcome LowCardinality(String),
    source LowCardinality(String),
    app_id LowCardinality(String),
    tags Array(String),
    count SimpleAggregateFunction(sum, Int64),
    spent_credits SimpleAggregateFunction(sum, Int64),
    latency_avg AggregateFunction(avg, Float64),
    latency_p75 AggregateFunction(quantilesTDigest(0.75), Float64),
    latency_p99 AggregateFunction(quantilesTDigest(0.99), Float64),
    INDEX idx_identity_id identity_id TYPE bloom_filter GRANULARITY 4,
    INDEX idx_key_id key_id TYPE bloom_filter GRANULARITY 4,
    INDEX idx_tags tags TYPE bloom_filter GRANULARITY 4
)
ENGINE = AggregatingMergeTree
PARTITION BY toStartOfMonth(time)
ORDER BY (workspace_id, time, key_space_id, identity_id, external_id, key_id, outcome, tags, source, app_id)
TTL time + INTERVAL 365 DAY
SETTINGS non_replicated_deduplication_window = 10000;

CREATE MATERIALIZED VIEW IF NOT EXISTS key_verifications_per_day_mv_v3 TO key_verifications_per_day_v3 AS
SELECT
    toDate(events.time, 'UTC') AS time,
    workspace_id, key_space_id, identity_id, external_id, key_id, outcome, tags, source, app_id,
    sum(events.count) AS count,
    sum(events.spent_credits) AS spent_credits,
    avgMergeState(events.latency_avg) AS latency_avg,
    quantilesTDigestMergeState(0.75)(events.latency_p75) AS latency_p75,
    quantilesTDigestMergeState(0.99)(events.latency_p99) AS latency_p99
FROM key_verifications_per_hour_v3 AS events
GROUP BY workspace_id, time, key_space_id, identity_id, external_id, key_id, outcome, tags, source, app_id;

CREATE TABLE IF NOT EXISTS key_verifications_per_month_v3
(
    time Date,
    workspace_id String,
    key_space_id String,
    identity_id String,
    external_id String,
    key_id String,
    outcome LowCardinality(String),
    source LowCardinality(String),
    app_id LowCardinality(String),
    tags Array(String),
    count SimpleAggregateFunction(sum, Int64),
    spent_credits SimpleAggregateFunction(sum, Int64),
    latency_avg AggregateFunction(avg, Float64),
    latency_p75 AggregateFunction(quantilesTDigest(0.75), Float64),
    latency_p99 AggregateFunction(quantilesTDigest(0.99), Float64),
    INDEX idx_identity_id identity_id TYPE bloom_filter GRANULARITY 4,
    INDEX idx_key_id key_id TYPE bloom_filter GRANULARITY 4,
    INDEX idx_tags tags TYPE bloom_filter GRANULARITY 4
)
ENGINE = AggregatingMergeTree
PARTITION BY toStartOfYear(time)
ORDER BY (workspace_id, time, key_space_id, identity_id, external_id, key_id, outcome, tags, source, app_id)
TTL time + INTERVAL 3 YEAR
SETTINGS non_replicated_deduplication_window = 10000;

CREATE MATERIALIZED VIEW IF NOT EXISTS key_verifications_per_month_mv_v3 TO key_verifications_per_month_v3 AS
SELECT
    toStartOfMonth(events.time) AS time,
    workspace_id, key_space_id, identity_id, external_id, key_id, outcome, tags, source, app_id,
    sum(events.count) AS count,
    sum(events.spent_credits) AS spent_credits,
    avgMergeState(events.latency_avg) AS latency_avg,
    quantilesTDigestMergeState(0.75)(events.latency_p75) AS latency_p75,
    quantilesTDigestMergeState(0.99)(events.latency_p99) AS latency_p99
FROM key_verifications_per_day_v3 AS events
GROUP BY workspace_id, time, key_space_id, identity_id, external_id, key_id, outcome, tags, source, app_id;

-- Columns outside of the key say what a merge keeps of them: the latest time, and of the others what was written last.
CREATE TABLE IF NOT EXISTS key_last_used_v1
(
    workspace_id String,
    key_space_id String,
    key_id String,
    identity_id SimpleAggregateFunction(anyLast, String),
    time SimpleAggregateFunction(max, Int64),
    request_id SimpleAggregateFunction(anyLast, String),
    outcome SimpleAggregateFunction(anyLast, LowCardinality(String)),
    tags SimpleAggregateFunction(anyLast, Array(String))
)
ENGINE = AggregatingMergeTree
ORDER BY (workspace_id, key_space_id, key_id)
TTL toDateTime(time / 1000) + INTERVAL 90 DAY
SETTINGS non_replicated_deduplication_window = 10000;

CREATE MATERIALIZED VIEW IF NOT EXISTS key_last_used_mv_v1 TO key_last_used_v1 AS
SELECT
    workspace_id, key_space_id, key_id,
    argMax(events.identity_id, events.time) AS identity_id,
    max(events.time) AS time,
    argMax(events.request_id, events.time) AS request_id,
    argMax(events.outcome, events.time) AS outcome,
    argMax(events.tags, events.time) AS tags
FROM key_verifications_raw_v2 AS events
GROUP BY workspace_id, key_space_id, key_id;
