DROP VIEW IF EXISTS billable_ratelimits_per_month_mv_v2;
DROP VIEW IF EXISTS billable_verifications_per_month_mv_v2;
DROP VIEW IF EXISTS active_workspaces_ratelimits_per_month_mv_v2;
DROP VIEW IF EXISTS active_workspaces_keys_per_month_mv_v2;
DROP TABLE IF EXISTS billable_ratelimits_per_month_v2;
DROP TABLE IF EXISTS billable_verifications_per_month_v2;
DROP TABLE IF EXISTS active_workspaces_per_month_v2;
