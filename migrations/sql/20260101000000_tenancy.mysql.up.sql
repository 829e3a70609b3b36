-- Workspaces, their limits, billing and analytics settings.

CREATE TABLE `workspaces` (
  `pk` bigint unsigned NOT NULL AUTO_INCREMENT,
  `id` varchar(48) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs NOT NULL,
  `org_id` varchar(256) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs NOT NULL,
  `name` varchar(256) NOT NULL,
  `slug` varchar(64) NOT NULL,
  `k8s_namespace` varchar(256) DEFAULT NULL,
  `beta_features` json NOT NULL,
  `subscriptions` json DEFAULT NULL,
  `enabled` tinyint(1) NOT NULL DEFAULT 1,
  `delete_protection` tinyint(1) DEFAULT 0,
  `created_at_m` bigint NOT NULL DEFAULT 0,
  `updated_at_m` bigint DEFAULT NULL,
  `deleted_at_m` bigint DEFAULT NULL,
  PRIMARY KEY (`pk`),
  UNIQUE KEY `workspaces_id_unique` (`id`),
  UNIQUE KEY `workspaces_org_id_unique` (`org_id`),
  UNIQUE KEY `workspaces_slug_unique` (`slug`),
  UNIQUE KEY `workspaces_k8s_namespace_unique` (`k8s_namespace`)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_0900_ai_ci;

CREATE TABLE `limits` (
  `pk` bigint unsigned NOT NULL AUTO_INCREMENT,
  `workspace_id` varchar(256) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs NOT NULL,
  `api_billable_operations_count_max_per_month` bigint unsigned NOT NULL,
  `api_requests_count_max_per_minute` int unsigned DEFAULT NULL,
  `logs_retention_days_max` smallint unsigned NOT NULL,
  `logs_audit_retention_days_max` smallint unsigned NOT NULL,
  `team_enabled` tinyint(1) NOT NULL,
  `cpu_cores_max` int unsigned NOT NULL,
  `cpu_cores_max_per_instance` int unsigned NOT NULL,
  `memory_mib_max` int unsigned NOT NULL,
  `memory_mib_max_per_instance` int unsigned NOT NULL,
  `storage_mib_max` int unsigned NOT NULL,
  `storage_mib_max_per_instance` int unsigned NOT NULL,
  `builds_concurrent_max` smallint unsigned NOT NULL,
  `custom_domains_max` int unsigned NOT NULL,
  `autoscaling_replicas_max` smallint unsigned NOT NULL,
  PRIMARY KEY (`pk`),
  UNIQUE KEY `limits_workspace_id_unique` (`workspace_id`)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_0900_ai_ci;

CREATE TABLE `workspace_billing` (
  `pk` bigint unsigned NOT NULL AUTO_INCREMENT,
  `workspace_id` varchar(48) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs NOT NULL,
  `tier` varchar(256) DEFAULT 'Free',
  `stripe_customer_id` varchar(256) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs DEFAULT NULL,
  `plan` varchar(64) DEFAULT NULL,
  `plan_override` varchar(64) DEFAULT NULL,
  `spend_budget_cents` bigint unsigned DEFAULT NULL,
  `spend_budget_stop` tinyint(1) NOT NULL DEFAULT 0,
  `spend_suspended` tinyint(1) NOT NULL DEFAULT 0,
  `created_at_m` bigint NOT NULL DEFAULT 0,
  `updated_at_m` bigint DEFAULT NULL,
  `deleted_at_m` bigint DEFAULT NULL,
  PRIMARY KEY (`pk`),
  UNIQUE KEY `workspace_billing_workspace_id_unique` (`workspace_id`),
  KEY `workspace_billing_spend_budget_cents_idx` (`spend_budget_cents`),
  KEY `workspace_billing_spend_suspended_idx` (`spend_suspended`)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_0900_ai_ci;

CREATE TABLE `billing_subscriptions` (
  `pk` bigint unsigned NOT NULL AUTO_INCREMENT,
  `workspace_id` varchar(48) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs NOT NULL,
  `product` enum('api', 'compute') NOT NULL,
  `stripe_subscription_id` varchar(256) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs NOT NULL,
  `created_at` bigint NOT NULL DEFAULT 0,
  `updated_at` bigint DEFAULT NULL,
  PRIMARY KEY (`pk`),
  UNIQUE KEY `billing_subscriptions_stripe_subscription_id_unique` (`stripe_subscription_id`),
  UNIQUE KEY `billing_subscriptions_workspace_id_product_unique` (`workspace_id`, `product`),
  KEY `billing_subscriptions_workspace_id_idx` (`workspace_id`)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_0900_ai_ci;

CREATE TABLE `clickhouse_workspace_settings` (
  `pk` bigint unsigned NOT NULL AUTO_INCREMENT,
  `workspace_id` varchar(48) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs NOT NULL,
  `username` varchar(256) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs NOT NULL,
  `password_encrypted` text NOT NULL,
  `quota_duration_seconds` int NOT NULL DEFAULT 3600,
  `max_queries_per_window` int NOT NULL DEFAULT 1000,
  `max_execution_time_per_window` int NOT NULL DEFAULT 1800,
  `max_query_execution_time` int NOT NULL DEFAULT 30,
  `max_query_memory_bytes` bigint NOT NULL DEFAULT 1000000000,
  `max_query_result_rows` int NOT NULL DEFAULT 10000,
  `created_at` bigint NOT NULL DEFAULT 0,
  `updated_at` bigint DEFAULT NULL,
  PRIMARY KEY (`pk`),
  UNIQUE KEY `clickhouse_workspace_settings_workspace_id_unique` (`workspace_id`),
  UNIQUE KEY `clickhouse_workspace_settings_username_unique` (`username`)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_0900_ai_ci;
