-- Every request through a gateway, which writes them, and their numbers and latencies over time.
CREATE TABLE IF NOT EXISTS frontline_requests_raw_v1
(
    request_id String,
    time Int64 CODEC(Delta, LZ4),
    workspace_id String,
    project_id String,
    app_id String,
    environment_id String,
    frontline_id String,
    deployment_id String,
    instance_id String,
    instance_address String,
    region LowCardinality(String),
    platform LowCardinality(String),
    method LowCardinality(String),
    host String,
    path String,
    query_string String,
    query_params Map(String, Array(String)),
    request_headers Array(String),
    request_body String,
    response_status Int32,
    response_headers Array(String),
    response_body String,
    user_agent String,
    ip_address String,
    total_latency Int64,
    instance_latency Int64,
    gateway_latency Int64,
    INDEX idx_request_id request_id TYPE bloom_filter GRANULARITY 1,
    INDEX idx_deployment_id deployment_id TYPE bloom_filter GRANULARITY 1,
    INDEX idx_instance_id instance_id TYPE bloom_filter GRANULARITY 1,
    INDEX idx_frontline_id frontline_id TYPE bloom_filter GRANULARITY 1,
    INDEX idx_host host TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX idx_path path TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX idx_path_parts path TYPE ngrambf_v1(3, 32768, 2, 0) GRANULARITY 1,
    INDEX idx_region region TYPE set(64) GRANULARITY 1
)
ENGINE = MergeTree
ORDER BY (workspace_id, project_id, app_id, environment_id, time, deployment_id)
TTL toDateTime(fromUnixTimestamp64Milli(time)) + INTERVAL 7 DAY
SETTINGS non_replicated_deduplication_window = 10000;

CREATE TABLE IF NOT EXISTS frontline_requests_per_minute_v1
(
    time DateTime,
    workspace_id String,
    project_id String,
    app_id String,
    environment_id String,
    deployment_id String,
    response_status Int32,
    count SimpleAggregateFunction(sum, Int64),
    latency_p50 AggregateFunction(quantileTDigest(0.5), Float64),
    latency_p75 AggregateFunction(quantileTDigest(0.75), Float64),
    latency_p90 AggregateFunction(quantileTDigest(0.9), Float64),
    latency_p95 AggregateFunction(quantileTDigest(0.95), Float64),
    latency_p99 AggregateFunction(quantileTDigest(0.99), Float64)
)
ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(time)
ORDER BY (workspace_id, project_id, app_id, environment_id, time, deployment_id, response_status)
TTL time + INTERVAL 14 DAY
SETTINGS non_replicated_deduplication_window = 10000;

CREATE MATERIALIZED VIEW IF NOT EXISTS frontline_requests_per_minute_mv_v1 TO frontline_requests_per_minute_v1 AS
SELECT
    toStartOfMinute(fromUnixTimestamp64Milli(requests.time), 'UTC') AS time,
    workspace_id, project_id, app_id, environment_id, deployment_id, response_status,
    count() AS count,
    quantileTDigestState(0.5)(toFloat64(requests.total_latency)) AS latency_p50,
    quantileTDigestState(0.75)(toFloat64(requests.total_latency)) AS latency_p75,
    quantileTDigestState(0.9)(toFloat64(requests.total_latency)) AS latency_p90,
    quantileTDigestState(0.95)(toFloat64(requests.total_latency)) AS latency_p95,
    quantileTDigestState(0.99)(toFloat64(requests.total_latency)) AS latency_p99
FROM frontline_requests_raw_v1 AS requests
GROUP BY workspace_id, project_id, app_id, environment_id, time, deployment_id, response_status;

CREATE TABLE IF NOT EXISTS frontline_requests_per_5m_v1
(
    time DateTime,
    workspace_id String,
    project_id String,
    app_id String,
    environment_id String,
    deployment_id String,
    response_status Int32,
    count SimpleAggregateFunction(sum, Int64),
    latency_p50 AggregateFunction(quantileTDigest(0.5), Float64),
    latency_p75 AggregateFunction(quantileTDigest(0.75), Float64),
    latency_p90 AggregateFunction(quantileTDigest(0.9), Float64),
    latency_p95 AggregateFunction(quantileTDigest(0.95), Float64),
    latency_p99 AggregateFunction(quantileTDigest(0.99), Float64)
)
ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(time)
ORDER BY (workspace_id, project_id, app_id, environment_id, time, deployment_id, response_status)
TTL time + INTERVAL 30 DAY
SETTINGS non_replicated_deduplication_window = 10000;

CREATE MATERIALIZED VIEW IF NOT EXISTS frontline_requests_per_5m_mv_v1 TO frontline_requests_per_5m_v1 AS
SELECT
    toStartOfFiveMinutes(requests.time, 'UTC') AS time,
    workspace_id, project_id, app_id, environment_id, deployment_id, response_status,
    sum(requests.count) AS count,
    quantileTDigestMergeState(0.5)(requests.latency_p50) AS latency_p50,
    quantileTDigestMergeState(0.75)(requests.latency_p75) AS latency_p75,
    quantileTDigestMergeState(0.9)(requests.latency_p90) AS latency_p90,
    quantileTDigestMergeState(0.95)(requests.latency_p95) AS latency_p95,
    quantileTDigestMergeState(0.99)(requests.latency_p99) AS latency_p99
FROM frontline_requests_per_minute_v1 AS requests
GROUP BY workspace_id, project_id, app_id, environment_id, time, deployment_id, response_status;

CREATE TABLE IF NOT EXISTS frontline_requests_per_15m_v1
(
    time DateTime,
    workspace_id String,
    project_id String,
    app_id String,
    environment_id String,
    deployment_id String,
    response_status Int32,
    count SimpleAggregateFunction(sum, Int64),
    latency_p50 AggregateFunction(quantileTDigest(0.5), Float64),
    latency_p75 AggregateFunction(quantileTDigest(0.75), Float64),
    latency_p90 AggregateFunction(quantileTDigest(0.9), Float64),
    latency_p95 AggregateFunction(quantileTDigest(0.95), Float64),
    latency_p99 AggregateFunction(quantileTDigest(0.99), Float64)
)
ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(time)
ORDER BY (workspace_id, project_id, app_id, environment_id, time, deployment_id, response_status)
TTL time + INTERVAL 30 DAY
SETTINGS non_replicated_deduplication_window = 10000;

CREATE MATERIALIZED VIEW IF NOT EXISTS frontline_requests_per_15m_mv_v1 TO frontline_requests_per_15m_v1 AS
SELECT
    toStartOfFifteenMinutes(requests.time, 'UTC') AS time,
    workspace_id, project_id, app_id, environment_id, deployment_id, response_status,
    sum(requests.count) AS count,
    quantileTDigestMergeState(0.5)(requests.latency_p50) AS latency_p50,
    quantileTDigestMergeState(0.75)(requests.latency_p75) AS latency_p75,
    quantileTDigestMergeState(0.9)(requests.latency_p90) AS latency_p90,
    quantileTDigestMergeState(0.95)(requests.latency_p95) AS latency_p95,
    quantileTDigestMergeState(0.99)(requests.latency_p99) AS latency_p99
FROM frontline_requests_per_5m_v1 AS requests
GROUP BY workspace_id, project_id, app_id, environment_id, time, deployment_id, response_status;

CREATE TABLE IF NOT EXISTS frontline_requests_per_hour_v1
(
    time DateTime,
    workspace_id String,
    project_id String,
    app_id String,
    environment_id String,
    deployment_id String,
    response_status Int32,
    count SimpleAggregateFunction(sum, Int64),
    latency_p50 AggregateFunction(quantileTDigest(0.5), Float64),
    latency_p75 AggregateFunction(quantileTDigest(0.75), Float64),
    latency_p90 AggregateFunction(quantileTDigest(0.9), Float64),
    latency_p95 AggregateFunction(quantileTDigest(0.95), Float64),
    latency_p99 AggregateFunction(quantileTDigest(0.99), Float64)
)
ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(time)
ORDER BY (workspace_id, project_id, app_id, environment_id, time, deployment_id, response_status)
TTL time + INTERVAL 90 DAY
SETTINGS non_replicated_deduplication_window = 10000;

CREATE MATERIALIZED VIEW IF NOT EXISTS frontline_requests_per_hour_mv_v1 TO frontline_requests_per_hour_v1 AS
SELECT
    toStartOfHour(requests.time, 'UTC') AS time,
    workspace_id, project_id, app_id, environment_id, deployment_id, response_status,
    sum(requests.count) AS count,
    quantileTDigestMergeState(0.5)(requests.latency_p50) AS latency_p50,
    quantileTDigestMergeState(0.75)(requests.latency_p75) AS latency_p75,
    quantileTDigestMergeState(0.9)(requests.latency_p90) AS latency_p90,
    quantileTDigestMergeState(0.95)(requests.latency_p95) AS latency_p95,
    quantileTDigestMergeState(0.99)(requests.latency_p99) AS latency_p99
FROM frontline_requests_per_15m_v1 AS requests
GROUP BY workspace_id, project_id, app_id, environment_id, time, deployment_id, response_status;

CREATE TABLE IF NOT EXISTS frontline_requests_per_day_v1
(
    time DateTime,
    workspace_id String,
    project_id String,
    app_id String,
    environment_id String,
    deployment_id String,
    response_status Int32,
    count SimpleAggregateFunction(sum, Int64),
    latency_p50 AggregateFunction(quantileTDigest(0.5), Float64),
    latency_p75 AggregateFunction(quantileTDigest(0.75), Float64),
    latency_p90 AggregateFunction(quantileTDigest(0.9), Float64),
    latency_p95 AggregateFunction(quantileTDigest(0.95), Float64),
    latency_p99 AggregateFunction(quantileTDigest(0.99), Float64)
)
ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(time)
ORDER BY (workspace_id, project_id, app_id, environment_id, time, deployment_id, response_status)
TTL time + INTERVAL 365 DAY
SETTINGS non_replicated_deduplication_window = 10000;

CREATE MATERIALIZED VIEW IF NOT EXISTS frontline_requests_per_day_mv_v1 TO frontline_requests_per_day_v1 AS
SELECT
    toStartOfDay(requests.time, 'UTC') AS time,
    workspace_id, project_id, app_id, environment_id, deployment_id, response_status,
    sum(requests.count) AS count,
    quantileTDigestMergeState(0.5)(requests.latency_p50) AS latency_p50,
    quantileTDigestMergeState(0.75)(requests.latency_p75) AS latency_p75,
    quantileTDigestMergeState(0.9)(requests.latency_p90) AS latency_p90,
    quantileTDigestMergeState(0.95)(requests.latency_p95) AS latency_p95,
    quantileTDigestMergeState(0.99)(requests.latency_p99) AS latency_p99
FROM frontline_requests_per_hour_v1 AS requests
GROUP BY workspace_id, project_id, app_id, environment_id, time, deployment_id, response_status;
