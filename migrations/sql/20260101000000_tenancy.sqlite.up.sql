-- Workspaces, their limits, billing and analytics settings.

CREATE TABLE `workspaces` (
  `pk` INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  `id` TEXT NOT NULL,
  `org_id` TEXT NOT NULL,
  `name` TEXT COLLATE NOCASE NOT NULL,
  `slug` TEXT COLLATE NOCASE NOT NULL,
  `k8s_namespace` TEXT COLLATE NOCASE,
  `beta_features` TEXT NOT NULL,
  `subscriptions` TEXT,
  `enabled` INTEGER NOT NULL DEFAULT 1,
  `delete_protection` INTEGER DEFAULT 0,
  `created_at_m` INTEGER NOT NULL DEFAULT 0,
  `updated_at_m` INTEGER,
  `deleted_at_m` INTEGER
);
CREATE UNIQUE INDEX `workspaces_id_unique` ON `workspaces` (`id`);
CREATE UNIQUE INDEX `workspaces_org_id_unique` ON `workspaces` (`org_id`);
CREATE UNIQUE INDEX `workspaces_slug_unique` ON `workspaces` (`slug`);
CREATE UNIQUE INDEX `workspaces_k8s_namespace_unique` ON `workspaces` (`k8s_namespace`);

CREATE TABLE `limits` (
  `pk` INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  `workspace_id` TEXT NOT NULL,
  `api_billable_operations_count_max_per_month` INTEGER NOT NULL,
  `api_requests_count_max_per_minute` INTEGER,
  `logs_retention_days_max` INTEGER NOT NULL,
  `logs_audit_retention_days_max` INTEGER NOT NULL,
  `team_enabled` INTEGER NOT NULL,
  `cpu_cores_max` INTEGER NOT NULL,
  `cpu_cores_max_per_instance` INTEGER NOT NULL,
  `memory_mib_max` INTEGER NOT NULL,
  `memory_mib_max_per_instance` INTEGER NOT NULL,
  `storage_mib_max` INTEGER NOT NULL,
  `storage_mib_max_per_instance` INTEGER NOT NULL,
  `builds_concurrent_max` INTEGER NOT NULL,
  `custom_domains_max` INTEGER NOT NULL,
  `autoscaling_replicas_max` INTEGER NOT NULL
);
CREATE UNIQUE INDEX `limits_workspace_id_unique` ON `limits` (`workspace_id`);

CREATE TABLE `workspace_billing` (
  `pk` INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  `workspace_id` TEXT NOT NULL,
  `tier` TEXT COLLATE NOCASE DEFAULT 'Free',
  `stripe_customer_id` TEXT,
  `plan` TEXT COLLATE NOCASE,
  `plan_override` TEXT COLLATE NOCASE,
  `spend_budget_cents` INTEGER,
  `spend_budget_stop` INTEGER NOT NULL DEFAULT 0,
  `spend_suspended` INTEGER NOT NULL DEFAULT 0,
  `created_at_m` INTEGER NOT NULL DEFAULT 0,
  `updated_at_m` INTEGER,
  `deleted_at_m` INTEGER
);
CREATE UNIQUE INDEX `workspace_billing_workspace_id_unique` ON `workspace_billing` (`workspace_id`);
CREATE INDEX `workspace_billing_spend_budget_cents_idx` ON `workspace_billing` (`spend_budget_cents`);
CREATE INDEX `workspace_billing_spend_suspended_idx` ON `workspace_billing` (`spend_suspended`);

CREATE TABLE `billing_subscriptions` (
  `pk` INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  `workspace_id` TEXT NOT NULL,
  `product` TEXT NOT NULL,
  `stripe_subscription_id` TEXT NOT NULL,
  `created_at` INTEGER NOT NULL DEFAULT 0,
  `updated_at` INTEGER
);
CREATE UNIQUE INDEX `billing_subscriptions_stripe_subscription_id_unique` ON `billing_subscriptions` (`stripe_subscription_id`);
CREATE UNIQUE INDEX `billing_subscriptions_workspace_id_product_unique` ON `billing_subscriptions` (`workspace_id`, `product`);
CREATE INDEX `billing_subscriptions_workspace_id_idx` ON `billing_subscriptions` (`workspace_id`);

CREATE TABLE `clickhouse_workspace_settings` (
  `pk` INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  `workspace_id` TEXT NOT NULL,
  `username` TEXT NOT NULL,
  `password_encrypted` TEXT NOT NULL,
  `quota_duration_seconds` INTEGER NOT NULL DEFAULT 3600,
  `max_queries_per_window` INTEGER NOT NULL DEFAULT 1000,
  `max_execution_time_per_window` INTEGER NOT NULL DEFAULT 1800,
  `max_query_execution_time` INTEGER NOT NULL DEFAULT 30,
  `max_query_memory_bytes` INTEGER NOT NULL DEFAULT 1000000000,
  `max_query_result_rows` INTEGER NOT NULL DEFAULT 10000,
  `created_at` INTEGER NOT NULL DEFAULT 0,
  `updated_at` INTEGER
);
CREATE UNIQUE INDEX `clickhouse_workspace_settings_workspace_id_unique` ON `clickhouse_workspace_settings` (`workspace_id`);
CREATE UNIQUE INDEX `clickhouse_workspace_settings_username_unique` ON `clickhouse_workspace_settings` (`username`);
