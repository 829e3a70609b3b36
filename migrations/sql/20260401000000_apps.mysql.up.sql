-- Apps of a project with their environments, what each environment is configured with, and repository connections.

CREATE TABLE `apps` (
  `pk` bigint unsigned NOT NULL AUTO_INCREMENT,
  `id` varchar(48) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs NOT NULL,
  `workspace_id` varchar(48) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs NOT NULL,
  `project_id` varchar(48) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs NOT NULL,
  `name` varchar(256) NOT NULL,
  `slug` varchar(256) NOT NULL,
  `default_branch` varchar(256) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs NOT NULL DEFAULT 'main',
  `current_deployment_id` varchar(48) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs DEFAULT NULL,
  `is_rolled_back` tinyint(1) NOT NULL DEFAULT 0,
  `delete_protection` tinyint(1) DEFAULT 0,
  `created_at` bigint NOT NULL,
  `updated_at` bigint DEFAULT NULL,
  PRIMARY KEY (`pk`),
  UNIQUE KEY `apps_id_unique` (`id`),
  UNIQUE KEY `apps_project_id_slug_unique` (`project_id`, `slug`),
  KEY `apps_workspace_id_idx` (`workspace_id`)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_0900_ai_ci;

CREATE TABLE `environments` (
  `pk` bigint unsigned NOT NULL AUTO_INCREMENT,
  `id` varchar(48) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs NOT NULL,
  `workspace_id` varchar(48) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs NOT NULL,
  `project_id` varchar(48) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs NOT NULL,
  `app_id` varchar(48) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs NOT NULL,
  `slug` varchar(256) NOT NULL,
  `description` varchar(255) NOT NULL DEFAULT '',
  `kind` enum('production', 'preview') NOT NULL DEFAULT 'preview',
  `delete_protection` tinyint(1) DEFAULT 0,
  `created_at` bigint NOT NULL,
  `updated_at` bigint DEFAULT NULL,
  PRIMARY KEY (`pk`),
  UNIQUE KEY `environments_id_unique` (`id`),
  UNIQUE KEY `environments_app_id_slug_unique` (`app_id`, `slug`),
  KEY `environments_project_id_idx` (`project_id`)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_0900_ai_ci;

CREATE TABLE `app_build_settings` (
  `pk` bigint unsigned NOT NULL AUTO_INCREMENT,
  `workspace_id` varchar(48) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs NOT NULL,
  `app_id` varchar(48) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs NOT NULL,
  `environment_id` varchar(48) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs NOT NULL,
  `dockerfile` varchar(500) DEFAULT NULL,
  `docker_context` varchar(500) NOT NULL DEFAULT '.',
  `build_command` varchar(1000) DEFAULT NULL,
  `watch_paths` json NOT NULL DEFAULT ('[]'),
  `auto_deploy` tinyint(1) NOT NULL DEFAULT 1,
  `created_at` bigint NOT NULL,
  `updated_at` bigint DEFAULT NULL,
  PRIMARY KEY (`pk`),
  UNIQUE KEY `app_build_settings_app_id_environment_id_unique` (`app_id`, `environment_id`)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_0900_ai_ci;

CREATE TABLE `app_runtime_settings` (
  `pk` bigint unsigned NOT NULL AUTO_INCREMENT,
  `workspace_id` varchar(48) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs NOT NULL,
  `app_id` varchar(48) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs NOT NULL,
  `environment_id` varchar(48) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs NOT NULL,
  `port` int NOT NULL DEFAULT 8080,
  `cpu_millicores` int NOT NULL DEFAULT 250,
  `memory_mib` int NOT NULL DEFAULT 256,
  `storage_mib` int unsigned NOT NULL DEFAULT 0,
  `command` json NOT NULL DEFAULT ('[]'),
  `healthcheck` json DEFAULT NULL,
  `shutdown_signal` enum('SIGTERM', 'SIGINT', 'SIGQUIT', 'SIGKILL') NOT NULL DEFAULT 'SIGTERM',
  `upstream_protocol` enum('http1', 'h2c') NOT NULL DEFAULT 'http1',
  `sentinel_config` longblob NOT NULL,
  `openapi_spec_path` varchar(512) DEFAULT NULL,
  `created_at` bigint NOT NULL,
  `updated_at` bigint DEFAULT NULL,
  PRIMARY KEY (`pk`),
  UNIQUE KEY `app_runtime_settings_app_id_environment_id_unique` (`app_id`, `environment_id`)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_0900_ai_ci;

CREATE TABLE `regions` (
  `pk` bigint unsigned NOT NULL AUTO_INCREMENT,
  `id` varchar(48) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs NOT NULL,
  `name` varchar(64) NOT NULL,
  `platform` varchar(64) NOT NULL,
  `can_schedule` tinyint(1) NOT NULL DEFAULT 1,
  PRIMARY KEY (`pk`),
  UNIQUE KEY `regions_id_unique` (`id`),
  UNIQUE KEY `regions_name_platform_unique` (`name`, `platform`)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_0900_ai_ci;

CREATE TABLE `app_regional_settings` (
  `pk` bigint unsigned NOT NULL AUTO_INCREMENT,
  `workspace_id` varchar(48) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs NOT NULL,
  `app_id` varchar(48) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs NOT NULL,
  `environment_id` varchar(48) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs NOT NULL,
  `region_id` varchar(48) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs NOT NULL,
  `replicas` int NOT NULL DEFAULT 1,
  `horizontal_autoscaling_policy_id` varchar(48) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs DEFAULT NULL,
  `created_at` bigint NOT NULL,
  `updated_at` bigint DEFAULT NULL,
  PRIMARY KEY (`pk`),
  UNIQUE KEY `app_regional_settings_app_id_environment_id_region_id_unique` (`app_id`, `environment_id`, `region_id`),
  KEY `app_regional_settings_workspace_id_idx` (`workspace_id`)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_0900_ai_ci;

CREATE TABLE `horizontal_autoscaling_policies` (
  `pk` bigint unsigned NOT NULL AUTO_INCREMENT,
  `id` varchar(48) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs NOT NULL,
  `workspace_id` varchar(48) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs NOT NULL,
  `replicas_min` int NOT NULL,
  `replicas_max` int NOT NULL,
  `memory_threshold` tinyint DEFAULT NULL,
  `cpu_threshold` tinyint DEFAULT NULL,
  `rps_threshold` tinyint DEFAULT NULL,
  `created_at` bigint NOT NULL,
  `updated_at` bigint DEFAULT NULL,
  PRIMARY KEY (`pk`),
  UNIQUE KEY `horizontal_autoscaling_policies_id_unique` (`id`),
  KEY `horizontal_autoscaling_policies_workspace_id_idx` (`workspace_id`)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_0900_ai_ci;

CREATE TABLE `app_environment_variables` (
  `pk` bigint unsigned NOT NULL AUTO_INCREMENT,
  `id` varchar(48) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs NOT NULL,
  `workspace_id` varchar(48) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs NOT NULL,
  `app_id` varchar(48) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs NOT NULL,
  `environment_id` varchar(48) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs NOT NULL,
  `key` varchar(256) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs NOT NULL,
  `value` text NOT NULL,
  `type` enum('recoverable', 'writeonly') NOT NULL,
  `description` varchar(255) DEFAULT NULL,
  `delete_protection` tinyint(1) DEFAULT 0,
  `created_at` bigint NOT NULL,
  `updated_at` bigint DEFAULT NULL,
  PRIMARY KEY (`pk`),
  UNIQUE KEY `app_environment_variables_id_unique` (`id`),
  UNIQUE KEY `app_environment_variables_app_id_environment_id_key_unique` (`app_id`, `environment_id`, `key`)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_0900_ai_ci;

CREATE TABLE `github_app_installations` (
  `pk` bigint unsigned NOT NULL AUTO_INCREMENT,
  `workspace_id` varchar(48) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs NOT NULL,
  `installation_id` bigint NOT NULL,
  `created_at` bigint NOT NULL,
  `updated_at` bigint DEFAULT NULL,
  PRIMARY KEY (`pk`),
  UNIQUE KEY `github_app_installations_workspace_id_installation_id_unique` (`workspace_id`, `installation_id`)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_0900_ai_ci;

CREATE TABLE `github_repo_connections` (
  `pk` bigint unsigned NOT NULL AUTO_INCREMENT,
  `workspace_id` varchar(48) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs NOT NULL,
  `project_id` varchar(48) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs NOT NULL,
  `app_id` varchar(48) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs NOT NULL,
  `installation_id` bigint NOT NULL,
  `repository_id` bigint NOT NULL,
  `repository_full_name` varchar(500) NOT NULL,
  `created_at` bigint NOT NULL,
  `updated_at` bigint DEFAULT NULL,
  PRIMARY KEY (`pk`),
  UNIQUE KEY `github_repo_connections_app_id_unique` (`app_id`),
  KEY `github_repo_connections_installation_id_idx` (`installation_id`)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_0900_ai_ci;
