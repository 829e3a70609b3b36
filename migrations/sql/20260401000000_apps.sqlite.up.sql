-- Apps of a project with their environments, what each environment is configured with, and repository connections.

CREATE TABLE `apps` (
  `pk` INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  `id` TEXT NOT NULL,
  `workspace_id` TEXT NOT NULL,
  `project_id` TEXT NOT NULL,
  `name` TEXT COLLATE NOCASE NOT NULL,
  `slug` TEXT COLLATE NOCASE NOT NULL,
  `default_branch` TEXT NOT NULL DEFAULT 'main',
  `current_deployment_id` TEXT,
  `is_rolled_back` INTEGER NOT NULL DEFAULT 0,
  `delete_protection` INTEGER DEFAULT 0,
  `created_at` INTEGER NOT NULL,
  `updated_at` INTEGER
);
CREATE UNIQUE INDEX `apps_id_unique` ON `apps` (`id`);
CREATE UNIQUE INDEX `apps_project_id_slug_unique` ON `apps` (`project_id`, `slug`);
CREATE INDEX `apps_workspace_id_idx` ON `apps` (`workspace_id`);

CREATE TABLE `environments` (
  `pk` INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  `id` TEXT NOT NULL,
  `workspace_id` TEXT NOT NULL,
  `project_id` TEXT NOT NULL,
  `app_id` TEXT NOT NULL,
  `slug` TEXT COLLATE NOCASE NOT NULL,
  `description` TEXT COLLATE NOCASE NOT NULL DEFAULT '',
  `kind` TEXT NOT NULL DEFAULT 'preview',
  `delete_protection` INTEGER DEFAULT 0,
  `created_at` INTEGER NOT NULL,
  `updated_at` INTEGER
);
CREATE UNIQUE INDEX `environments_id_unique` ON `environments` (`id`);
CREATE UNIQUE INDEX `environments_app_id_slug_unique` ON `environments` (`app_id`, `slug`);
CREATE INDEX `environments_project_id_idx` ON `environments` (`project_id`);

CREATE TABLE `app_build_settings` (
  `pk` INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  `workspace_id` TEXT NOT NULL,
  `app_id` TEXT NOT NULL,
  `environment_id` TEXT NOT NULL,
  `dockerfile` TEXT COLLATE NOCASE,
  `docker_context` TEXT COLLATE NOCASE NOT NULL DEFAULT '.',
  `build_command` TEXT COLLATE NOCASE,
  `watch_paths` TEXT NOT NULL DEFAULT '[]',
  `auto_deploy` INTEGER NOT NULL DEFAULT 1,
  `created_at` INTEGER NOT NULL,
  `updated_at` INTEGER
);
CREATE UNIQUE INDEX `app_build_settings_app_id_environment_id_unique` ON `app_build_settings` (`app_id`, `environment_id`);

CREATE TABLE `app_runtime_settings` (
  `pk` INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  `workspace_id` TEXT NOT NULL,
  `app_id` TEXT NOT NULL,
  `environment_id` TEXT NOT NULL,
  `port` INTEGER NOT NULL DEFAULT 8080,
  `cpu_millicores` INTEGER NOT NULL DEFAULT 250,
  `memory_mib` INTEGER NOT NULL DEFAULT 256,
  `storage_mib` INTEGER NOT NULL DEFAULT 0,
  `command` TEXT NOT NULL DEFAULT '[]',
  `healthcheck` TEXT,
  `shutdown_signal` TEXT NOT NULL DEFAULT 'SIGTERM',
  `upstream_protocol` TEXT NOT NULL DEFAULT 'http1',
  `sentinel_config` BLOB NOT NULL,
  `openapi_spec_path` TEXT COLLATE NOCASE,
  `created_at` INTEGER NOT NULL,
  `updated_at` INTEGER
);
CREATE UNIQUE INDEX `app_runtime_settings_app_id_environment_id_unique` ON `app_runtime_settings` (`app_id`, `environment_id`);

CREATE TABLE `regions` (
  `pk` INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  `id` TEXT NOT NULL,
  `name` TEXT COLLATE NOCASE NOT NULL,
  `platform` TEXT COLLATE NOCASE NOT NULL,
  `can_schedule` INTEGER NOT NULL DEFAULT 1
);
CREATE UNIQUE INDEX `regions_id_unique` ON `regions` (`id`);
CREATE UNIQUE INDEX `regions_name_platform_unique` ON `regions` (`name`, `platform`);

CREATE TABLE `app_regional_settings` (
  `pk` INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  `workspace_id` TEXT NOT NULL,
  `app_id` TEXT NOT NULL,
  `environment_id` TEXT NOT NULL,
  `region_id` TEXT NOT NULL,
  `replicas` INTEGER NOT NULL DEFAULT 1,
  `horizontal_autoscaling_policy_id` TEXT,
  `created_at` INTEGER NOT NULL,
  `updated_at` INTEGER
);
CREATE UNIQUE INDEX `app_regional_settings_app_id_environment_id_region_id_unique` ON `app_regional_settings` (`app_id`, `environment_id`, `region_id`);
CREATE INDEX `app_regional_settings_workspace_id_idx` ON `app_regional_settings` (`workspace_id`);

CREATE TABLE `horizontal_autoscaling_policies` (
  `pk` INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  `id` TEXT NOT NULL,
  `workspace_id` TEXT NOT NULL,
  `replicas_min` INTEGER NOT NULL,
  `replicas_max` INTEGER NOT NULL,
  `memory_threshold` INTEGER,
  `cpu_threshold` INTEGER,
  `rps_threshold` INTEGER,
  `created_at` INTEGER NOT NULL,
  `updated_at` INTEGER
);
CREATE UNIQUE INDEX `horizontal_autoscaling_policies_id_unique` ON `horizontal_autoscaling_policies` (`id`);
CREATE INDEX `horizontal_autoscaling_policies_workspace_id_idx` ON `horizontal_autoscaling_policies` (`workspace_id`);

CREATE TABLE `app_environment_variables` (
  `pk` INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  `id` TEXT NOT NULL,
  `workspace_id` TEXT NOT NULL,
  `app_id` TEXT NOT NULL,
  `environment_id` TEXT NOT NULL,
  `key` TEXT NOT NULL,
  `value` TEXT NOT NULL,
  `type` TEXT NOT NULL,
  `description` TEXT COLLATE NOCASE,
  `delete_protection` INTEGER DEFAULT 0,
  `created_at` INTEGER NOT NULL,
  `updated_at` INTEGER
);
CREATE UNIQUE INDEX `app_environment_variables_id_unique` ON `app_environment_variables` (`id`);
CREATE UNIQUE INDEX `app_environment_variables_app_id_environment_id_key_unique` ON `app_environment_variables` (`app_id`, `environment_id`, `key`);

CREATE TABLE `github_app_installations` (
  `pk` INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  `workspace_id` TEXT NOT NULL,
  `installation_id` INTEGER NOT NULL,
  `created_at` INTEGER NOT NULL,
  `updated_at` INTEGER
);
CREATE UNIQUE INDEX `github_app_installations_workspace_id_installation_id_unique` ON `github_app_installations` (`workspace_id`, `installation_id`);

CREATE TABLE `github_repo_connections` (
  `pk` INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  `workspace_id` TEXT NOT NULL,
  `project_id` TEXT NOT NULL,
  `app_id` TEXT NOT NULL,
  `installation_id` INTEGER NOT NULL,
  `repository_id` INTEGER NOT NULL,
  `repository_full_name` TEXT COLLATE NOCASE NOT NULL,
  `created_at` INTEGER NOT NULL,
  `updated_at` INTEGER
);
CREATE UNIQUE INDEX `github_repo_connections_app_id_unique` ON `github_repo_connections` (`app_id`);
CREATE INDEX `github_repo_connections_installation_id_idx` ON `github_repo_connections` (`installation_id`);
