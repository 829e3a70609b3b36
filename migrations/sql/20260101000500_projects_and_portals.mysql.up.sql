-- Projects, which own what a workspace holds, and customer portals.

CREATE TABLE `projects` (
  `pk` bigint unsigned NOT NULL AUTO_INCREMENT,
  `id` varchar(48) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs NOT NULL,
  `workspace_id` varchar(48) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs NOT NULL,
  `name` varchar(256) NOT NULL,
  `slug` varchar(256) NOT NULL,
  `depot_project_id` varchar(255) DEFAULT NULL,
  `delete_protection` tinyint(1) DEFAULT 0,
  `created_at` bigint NOT NULL,
  `updated_at` bigint DEFAULT NULL,
  PRIMARY KEY (`pk`),
  UNIQUE KEY `projects_id_unique` (`id`),
  UNIQUE KEY `projects_workspace_id_slug_unique` (`workspace_id`, `slug`)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_0900_ai_ci;

CREATE TABLE `portals` (
  `pk` bigint unsigned NOT NULL AUTO_INCREMENT,
  `id` varchar(48) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs NOT NULL,
  `workspace_id` varchar(48) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs NOT NULL,
  `slug` varchar(64) NOT NULL,
  `app_id` varchar(48) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs DEFAULT NULL,
  `key_auth_id` varchar(48) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs DEFAULT NULL,
  `enabled` tinyint(1) NOT NULL DEFAULT 1,
  `logo_url` varchar(500) DEFAULT NULL,
  `primary_color` varchar(7) DEFAULT NULL,
  `created_at` bigint NOT NULL,
  `updated_at` bigint DEFAULT NULL,
  PRIMARY KEY (`pk`),
  UNIQUE KEY `portals_id_unique` (`id`),
  UNIQUE KEY `portals_app_id_unique` (`app_id`),
  UNIQUE KEY `portals_key_auth_id_unique` (`key_auth_id`),
  UNIQUE KEY `portals_workspace_id_slug_unique` (`workspace_id`, `slug`)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_0900_ai_ci;

CREATE TABLE `portal_sessions` (
  `pk` bigint unsigned NOT NULL AUTO_INCREMENT,
  `id` varchar(48) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs NOT NULL,
  `workspace_id` varchar(48) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs NOT NULL,
  `portal_id` varchar(48) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs NOT NULL,
  `external_id` varchar(256) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs NOT NULL,
  `scopes` json NOT NULL,
  `preview` tinyint(1) NOT NULL DEFAULT 0,
  `exchange_code_hash` varchar(256) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs NOT NULL,
  `exchange_code_expires_at` bigint NOT NULL,
  `access_token_hash` varchar(256) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs DEFAULT NULL,
  `access_token_created_at` bigint DEFAULT NULL,
  `access_token_expires_at` bigint DEFAULT NULL,
  `revoked_at` bigint DEFAULT NULL,
  `return_url` varchar(500) DEFAULT NULL,
  `created_at` bigint NOT NULL,
  PRIMARY KEY (`pk`),
  UNIQUE KEY `portal_sessions_id_unique` (`id`),
  UNIQUE KEY `portal_sessions_exchange_code_hash_unique` (`exchange_code_hash`),
  UNIQUE KEY `portal_sessions_access_token_hash_unique` (`access_token_hash`),
  KEY `portal_sessions_workspace_id_idx` (`workspace_id`),
  KEY `portal_sessions_external_id_idx` (`external_id`),
  KEY `portal_sessions_exchange_code_expires_at_idx` (`exchange_code_expires_at`),
  KEY `portal_sessions_access_token_expires_at_idx` (`access_token_expires_at`)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_0900_ai_ci;
