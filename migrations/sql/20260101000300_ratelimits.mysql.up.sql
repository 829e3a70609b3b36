-- Standalone rate limiting: namespaces, overrides, counters shared between regions.

CREATE TABLE `ratelimit_namespaces` (
  `pk` bigint unsigned NOT NULL AUTO_INCREMENT,
  `id` varchar(48) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs NOT NULL,
  `workspace_id` varchar(48) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs NOT NULL,
  `project_id` varchar(48) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs NOT NULL,
  `name` varchar(512) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs NOT NULL,
  `created_at_m` bigint NOT NULL DEFAULT 0,
  `updated_at_m` bigint DEFAULT NULL,
  `deleted_at_m` bigint DEFAULT NULL,
  PRIMARY KEY (`pk`),
  UNIQUE KEY `ratelimit_namespaces_id_unique` (`id`),
  UNIQUE KEY `ratelimit_namespaces_workspace_id_name_unique` (`workspace_id`, `name`),
  KEY `ratelimit_namespaces_project_id_idx` (`project_id`)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_0900_ai_ci;

CREATE TABLE `ratelimit_overrides` (
  `pk` bigint unsigned NOT NULL AUTO_INCREMENT,
  `id` varchar(48) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs NOT NULL,
  `workspace_id` varchar(48) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs NOT NULL,
  `namespace_id` varchar(48) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs NOT NULL,
  `identifier` varchar(512) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs NOT NULL,
  `limit` bigint unsigned NOT NULL,
  `duration` bigint unsigned NOT NULL,
  `created_at_m` bigint NOT NULL DEFAULT 0,
  `updated_at_m` bigint DEFAULT NULL,
  `deleted_at_m` bigint DEFAULT NULL,
  PRIMARY KEY (`pk`),
  UNIQUE KEY `ratelimit_overrides_id_unique` (`id`),
  UNIQUE KEY `ratelimit_overrides_namespace_id_identifier_unique` (`namespace_id`, `identifier`)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_0900_ai_ci;

CREATE TABLE `ratelimit_global_counters` (
  `pk` bigint unsigned NOT NULL AUTO_INCREMENT,
  `workspace_id` varchar(48) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs NOT NULL,
  `namespace` varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs NOT NULL,
  `identifier` varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs NOT NULL,
  `duration_ms` bigint unsigned NOT NULL,
  `sequence` bigint NOT NULL,
  `region` varchar(48) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs NOT NULL,
  `count` bigint unsigned NOT NULL,
  `expires_at` bigint unsigned NOT NULL,
  `updated_at` bigint unsigned NOT NULL,
  PRIMARY KEY (`pk`),
  UNIQUE KEY `ratelimit_global_counters_window_unique` (`workspace_id`, `namespace`, `identifier`, `duration_ms`, `sequence`, `region`),
  KEY `ratelimit_global_counters_expires_at_idx` (`expires_at`)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_0900_ai_ci;
