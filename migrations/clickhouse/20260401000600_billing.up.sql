-- What is billed: workspaces that did anything in a month, their valid verifications and their passed rate limits.
CREATE TABLE IF NOT EXISTS active_workspaces_per_month_v2
(
    time Date,
    workspace_id String
)
ENGINE = ReplacingMergeTree
ORDER BY (time, workspace_id)
TTL time + INTERVAL 5 YEAR
SETTINGS non_replicated_deduplication_window = 10000;

CREATE MATERIALIZED VIEW IF NOT EXISTS active_workspaces_keys_per_month_mv_v2 TO active_workspaces_per_month_v2 AS
SELECT DISTINCT time, workspace_id
FROM key_verifications_per_month_v3;

CREATE MATERIALIZED VIEW IF NOT EXISTS active_workspaces_ratelimits_per_month_mv_v2 TO active_workspaces_per_month_v2 AS
SELECT DISTINCT time, workspace_id
FROM ratelimits_per_month_v2;

CREATE TABLE IF NOT EXISTS billable_verifications_per_month_v2
(
    year Int16,
    month Int8,
    workspace_id String,
    count Int64
)
ENGINE = SummingMergeTree
ORDER BY (workspace_id, year, month)
SETTINGS non_replicated_deduplication_window = 10000;

CREATE MATERIALIZED VIEW IF NOT EXISTS billable_verifications_per_month_mv_v2 TO billable_verifications_per_month_v2 AS
SELECT
    toYear(events.time) AS year,
    toMonth(events.time) AS month,
    workspace_id,
    sum(events.count) AS count
FROM key_verifications_per_month_v3 AS events
WHERE events.outcome = 'VALID' AND events.source != 'gateway'
GROUP BY workspace_id, year, month;

CREATE TABLE IF NOT EXISTS billable_ratelimits_per_month_v2
(
    year Int16,
    month Int8,
    workspace_id String,
    count Int64
)
ENGINE = SummingMergeTree
ORDER BY (workspace_id, year, month)
SETTINGS non_replicated_deduplication_window = 10000;

CREATE MATERIALIZED VIEW IF NOT EXISTS billable_ratelimits_per_month_mv_v2 TO billable_ratelimits_per_month_v2 AS
SELECT
    toYear(events.time) AS year,
    toMonth(events.time) AS month,
    workspace_id,
    sum(events.passed) AS count
FROM ratelimits_per_month_v2 AS events
GROUP BY workspace_id, year, month;
