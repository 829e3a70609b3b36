-- Every request to the API, and their number per minute, hour, day and month of UTC.
CREATE TABLE IF NOT EXISTS api_requests_raw_v2
(
    request_id String CODEC(ZSTD(3)),
    time Int64 CODEC(Delta, ZSTD(3)),
    workspace_id String CODEC(ZSTD(3)),
    host String CODEC(ZSTD(3)),
    method LowCardinality(String) CODEC(ZSTD(3)),
    path String CODEC(ZSTD(3)),
    query_string String CODEC(ZSTD(3)),
    query_params Map(String, Array(String)) CODEC(ZSTD(3)),
    request_headers Array(String) CODEC(ZSTD(3)),
    request_body String CODEC(ZSTD(3)),
    response_status Int32 CODEC(ZSTD(3)),
    response_headers Array(String) CODEC(ZSTD(3)),
    response_body String CODEC(ZSTD(3)),
    error String CODEC(ZSTD(3)),
    service_latency Int64 CODEC(ZSTD(3)),
    user_agent String CODEC(ZSTD(3)),
    ip_address String CODEC(ZSTD(3)),
    region LowCardinality(String) CODEC(ZSTD(3)),
    INDEX idx_request_id request_id TYPE bloom_filter GRANULARITY 1
)
ENGINE = MergeTree
ORDER BY (workspace_id, time, request_id)
TTL toDateTime(fromUnixTimestamp64Milli(time)) + INTERVAL 1 MONTH
SETTINGS non_replicated_deduplication_window = 10000;

CREATE TABLE IF NOT EXISTS api_requests_per_minute_v2
(
    time DateTime,
    workspace_id String,
    path String,
    response_status Int32,
    host String,
    method LowCardinality(String),
    count SimpleAggregateFunction(sum, Int64),
    INDEX idx_host host TYPE bloom_filter GRANULARITY 1,
    INDEX idx_path path TYPE bloom_filter GRANULARITY 1,
    INDEX idx_method method TYPE bloom_filter GRANULARITY 1
)
ENGINE = SummingMergeTree
ORDER BY (workspace_id, time, response_status, host, method, path)
TTL time + INTERVAL 7 DAY
SETTINGS non_replicated_deduplication_window = 10000;

CREATE MATERIALIZED VIEW IF NOT EXISTS api_requests_per_minute_mv_v2 TO api_requests_per_minute_v2 AS
SELECT
    toStartOfMinute(fromUnixTimestamp64Milli(requests.time), 'UTC') AS time,
    workspace_id, path, response_status, host, method,
    count() AS count
FROM api_requests_raw_v2 AS requests
GROUP BY workspace_id, time, response_status, host, method, path;

CREATE TABLE IF NOT EXISTS api_requests_per_hour_v2
(
    time DateTime,
    workspace_id String,
    path String,
    response_status Int32,
    host String,
    method LowCardinality(String),
    count SimpleAggregateFunction(sum, Int64),
    INDEX idx_host host TYPE bloom_filter GRANULARITY 1,
    INDEX idx_path path TYPE bloom_filter GRANULARITY 1,
    INDEX idx_method method TYPE bloom_filter GRANULARITY 1
)
ENGINE = SummingMergeTree
ORDER BY (workspace_id, time, response_status, host, method, path)
TTL time + INTERVAL 30 DAY
SETTINGS non_replicated_deduplication_window = 10000;

CREATE MATERIALIZED VIEW IF NOT EXISTS api_requests_per_hour_mv_v2 TO api_requests_per_hour_v2 AS
SELECT
    toStartOfHour(requests.time, 'UTC') AS time,
    workspace_id, path, response_status, host, method,
    sum(requests.count) AS count
FROM api_requests_per_minute_v2 AS requests
GROUP BY workspace_id, time, response_status, host, method, path;

CREATE TABLE IF NOT EXISTS api_requests_per_day_v2
(
    time Date,
    workspace_id String,
    path String,
    response_status Int32,
    host String,
    method LowCardinality(String),
    count SimpleAggregateFunction(sum, Int64),
    INDEX idx_host host TYPE bloom_filter GRANULARITY 1,
    INDEX idx_path path TYPE bloom_filter GRANULARITY 1,
    INDEX idx_method method TYPE bloom_filter GRANULARITY 1
)
ENGINE = SummingMergeTree
ORDER BY (workspace_id, time, response_status, host, method, path)
TTL time + INTERVAL 100 DAY
SETTINGS non_replicated_deduplication_window = 10000;

CREATE MATERIALIZED VIEW IF NOT EXISTS api_requests_per_day_mv_v2 TO api_requests_per_day_v2 AS
SELECT
    toDate(requests.time, 'UTC') AS time,
    workspace_id, path, response_status, host, method,
    sum(requests.count) AS count
FROM api_requests_per_hour_v2 AS requests
GROUP BY workspace_id, time, response_status, host, method, path;

CREATE TABLE IF NOT EXISTS api_requests_per_month_v2
(
    time Date,
    workspace_id String,
    path String,
    response_status Int32,
    host String,
    method LowCardinality(String),
    count SimpleAggregateFunction(sum, Int64),
    INDEX idx_host host TYPE bloom_filter GRANULARITY 1,
    INDEX idx_path path TYPE bloom_filter GRANULARITY 1,
    INDEX idx_method method TYPE bloom_filter GRANULARITY 1
)
ENGINE = SummingMergeTree
ORDER BY (workspace_id, time, response_status, host, method, path)
TTL time + INTERVAL 3 YEAR
SETTINGS non_replicated_deduplication_window = 10000;

CREATE MATERIALIZED VIEW IF NOT EXISTS api_requests_per_month_mv_v2 TO api_requests_per_month_v2 AS
SELECT
    toStartOfMonth(requests.time) AS time,
    workspace_id, path, response_status, host, method,
    sum(requests.count) AS count
FROM api_requests_per_day_v2 AS requests
GROUP BY workspace_id, time, response_status, host, method, path;
