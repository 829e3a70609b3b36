-- Every decision on a limit, and its counts per minute, hour, day and month of UTC.
CREATE TABLE IF NOT EXISTS ratelimits_raw_v2
(
    request_id String,
    time Int64 CODEC(Delta, LZ4),
    workspace_id String,
    namespace_id String,
    identifier String,
    passed Bool,
    latency Float64,
    override_id String,
    limit UInt64,
    remaining UInt64,
    reset_at Int64 CODEC(Delta, LZ4),
    tokens UInt64,
    INDEX idx_request_id request_id TYPE bloom_filter GRANULARITY 1,
    INDEX idx_identifier identifier TYPE bloom_filter GRANULARITY 1
)
ENGINE = MergeTree
ORDER BY (workspace_id, time, namespace_id)
TTL toDateTime(fromUnixTimestamp64Milli(time)) + INTERVAL 1 MONTH
SETTINGS non_replicated_deduplication_window = 10000;

CREATE TABLE IF NOT EXISTS ratelimits_per_minute_v2
(
    time DateTime,
    workspace_id String,
    namespace_id String,
    identifier String,
    passed SimpleAggregateFunction(sum, Int64),
    total SimpleAggregateFunction(sum, Int64),
    total_tokens SimpleAggregateFunction(sum, Int64),
    passed_tokens SimpleAggregateFunction(sum, Int64),
    latency_avg AggregateFunction(avg, Float64),
    latency_p75 AggregateFunction(quantilesTDigest(0.75), Float64),
    latency_p99 AggregateFunction(quantilesTDigest(0.99), Float64),
    INDEX idx_identifier identifier TYPE bloom_filter GRANULARITY 1
)
ENGINE = AggregatingMergeTree
ORDER BY (workspace_id, namespace_id, time, identifier)
TTL time + INTERVAL 7 DAY
SETTINGS non_replicated_deduplication_window = 10000;

CREATE MATERIALIZED VIEW IF NOT EXISTS ratelimits_per_minute_mv_v2 TO ratelimits_per_minute_v2 AS
SELECT
    toStartOfMinute(fromUnixTimestamp64Milli(events.time), 'UTC') AS time,
    workspace_id, namespace_id, identifier,
    countIf(events.passed) AS passed,
    count() AS total,
    sum(events.tokens) AS total_tokens,
    sumIf(events.tokens, events.passed) AS passed_tokens,
    avgState(events.latency) AS latency_avg,
    quantilesTDigestState(0.75)(events.latency) AS latency_p75,
    quantilesTDigestState(0.99)(events.latency) AS latency_p99
FROM ratelimits_raw_v2 AS events
GROUP BY workspace_id, namespace_id, time, identifier;

CREATE TABLE IF NOT EXISTS ratelimits_per_hour_v2
(
    time DateTime,
    workspace_id String,
    namespace_id String,
    identifier String,
    passed SimpleAggregateFunction(sum, Int64),
    total SimpleAggregateFunction(sum, Int64),
    total_tokens SimpleAggregateFunction(sum, Int64),
    passed_tokens SimpleAggregateFunction(sum, Int64),
    latency_avg AggregateFunction(avg, Float64),
    latency_p75 AggregateFunction(quantilesTDigest(0.75), Float64),
    latency_p99 AggregateFunction(quantilesTDigest(0.99), Float64),
    INDEX idx_identifier identifier TYPE bloom_filter GRANULARITY 1
)
ENGINE = AggregatingMergeTree
ORDER BY (workspace_id, namespace_id, time, identifier)
TTL time + INTERVAL 30 DAY
SETTINGS non_replicated_deduplication_window = 10000;

CREATE MATERIALIZED VIEW IF NOT EXISTS ratelimits_per_hour_mv_v2 TO ratelimits_per_hour_v2 AS
SELECT
    toStartOfHour(events.time, 'UTC') AS time,
    workspace_id, namespace_id, identifier,
    sum(events.passed) AS passed,
    sum(events.total) AS total,
    sum(events.total_tokens) AS total_tokens,
    sum(events.passed_tokens) AS passed_tokens,
    avgMergeState(events.latency_avg) AS latency_avg,
    quantilesTDigestMergeState(0.75)(events.latency_p75) AS latency_p75,
    quantilesTDigestMergeState(0.99)(events.latency_p99) AS latency_p99
FROM ratelimits_per_minute_v2 AS events
GROUP BY workspace_id, namespace_id, time, identifier;

CREATE TABLE IF NOT EXISTS ratelimits_per_day_v2
(
    time Date,
    workspace_id String,
    namespace_id String,
    identifier String,
    passed SimpleAggregateFunction(sum, Int64),
    total SimpleAggregateFunction(sum, Int64),
    total_tokens SimpleAggregateFunction(sum, Int64),
    passed_tokens SimpleAggregateFunction(sum, Int64),
    latency_avg AggregateFunction(avg, Float64),
    latency_p75 AggregateFunction(quantilesTDigest(0.75), Float64),
    latency_p99 AggregateFunction(quantilesTDigest(0.99), Float64),
    INDEX idx_identifier identifier TYPE bloom_filter GRANULARITY 1
)
ENGINE = AggregatingMergeTree
ORDER BY (workspace_id, namespace_id, time, identifier)
TTL time + INTERVAL 100 DAY
SETTINGS non_replicated_deduplication_window = 10000;

CREATE MATERIALIZED VIEW IF NOT EXISTS ratelimits_per_day_mv_v2 TO ratelimits_per_day_v2 AS
SELECT
    toDate(events.time, 'UTC') AS time,
    workspace_id, namespace_id, identifier,
    sum(events.passed) AS passed,
    sum(events.total) AS total,
    sum(events.total_tokens) AS total_tokens,
    sum(events.passed_tokens) AS passed_tokens,
    avgMergeState(events.latency_avg) AS latency_avg,
    quantilesTDigestMergeState(0.75)(events.latency_p75) AS latency_p75,
    quantilesTDigestMergeState(0.99)(events.latency_p99) AS latency_p99
FROM ratelimits_per_hour_v2 AS events
GROUP BY workspace_id, namespace_id, time, identifier;

CREATE TABLE IF NOT EXISTS ratelimits_per_month_v2
(
    time Date,
    workspace_id String,
    namespace_id String,
    identifier String,
    passed SimpleAggregateFunction(sum, Int64),
    total SimpleAggregateFunction(sum, Int64),
    total_tokens SimpleAggregateFunction(sum, Int64),
    passed_tokens SimpleAggregateFunction(sum, Int64),
    latency_avg AggregateFunction(avg, Float64),
    latency_p75 AggregateFunction(quantilesTDigest(0.75), Float64),
    latency_p99 AggregateFunction(quantilesTDigest(0.99), Float64),
    INDEX idx_identifier identifier TYPE bloom_filter GRANULARITY 1
)
ENGINE = AggregatingMergeTree
ORDER BY (workspace_id, namespace_id, time, identifier)
TTL time + INTERVAL 3 YEAR
SETTINGS non_replicated_deduplication_window = 10000;

CREATE MATERIALIZED VIEW IF NOT EXISTS ratelimits_per_month_mv_v2 TO ratelimits_per_month_v2 AS
SELECT
    toStartOfMonth(events.time) AS time,
    workspace_id, namespace_id, identifier,
    sum(events.passed) AS passed,
    sum(events.total) AS total,
    sum(events.total_tokens) AS total_tokens,
    sum(events.passed_tokens) AS passed_tokens,
    avgMergeState(events.latency_avg) AS latency_avg,
    quantilesTDigestMergeState(0.75)(events.latency_p75) AS latency_p75,
    quantilesTDigestMergeState(0.99)(events.latency_p99) AS latency_p99
FROM ratelimits_per_day_v2 AS events
GROUP BY workspace_id, namespace_id, time, identifier;

CREATE TABLE IF NOT EXISTS ratelimits_last_used_v2
(
    time SimpleAggregateFunction(max, Int64),
    workspace_id String,
    namespace_id String,
    identifier String
)
ENGINE = AggregatingMergeTree
ORDER BY (workspace_id, namespace_id, identifier)
SETTINGS non_replicated_deduplication_window = 10000;

CREATE MATERIALIZED VIEW IF NOT EXISTS ratelimits_last_used_mv_v2 TO ratelimits_last_used_v2 AS
SELECT
    max(events.time) AS time,
    workspace_id, namespace_id, identifier
FROM ratelimits_raw_v2 AS events
GROUP BY workspace_id, namespace_id, identifier;
