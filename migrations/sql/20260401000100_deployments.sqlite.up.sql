-- Deployments with their steps, placement and routes, and custom domains.

CREATE TABLE `deployments` (
  `pk` INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  `id` TEXT NOT NULL,
  `k8s_name` TEXT COLLATE NOCASE NOT NULL,
  `workspace_id` TEXT NOT NULL,
  `project_id` TEXT NOT NULL,
  `environment_id` TEXT NOT NULL,
  `app_id` TEXT NOT NULL,
  `image` TEXT COLLATE NOCASE,
  `build_id` TEXT,
  `git_commit_sha` TEXT COLLATE NOCASE,
  `git_branch` TEXT,
  `git_commit_message` TEXT,
  `git_commit_author_handle` TEXT COLLATE NOCASE,
  `git_commit_author_avatar_url` TEXT COLLATE NOCASE,
  `git_commit_timestamp` INTEGER,
  `sentinel_config` BLOB NOT NULL,
  `cpu_millicores` INTEGER NOT NULL,
  `memory_mib` INTEGER NOT NULL,
  `storage_mib` INTEGER NOT NULL DEFAULT 0,
  `desired_state` TEXT NOT NULL DEFAULT 'running',
  `encrypted_environment_variables` BLOB NOT NULL,
  `command` TEXT NOT NULL DEFAULT '[]',
  `port` INTEGER NOT NULL DEFAULT 8080,
  `shutdown_signal` TEXT NOT NULL DEFAULT 'SIGTERM',
  `upstream_protocol` TEXT NOT NULL DEFAULT 'http1',
  `healthcheck` TEXT,
  `pr_number` INTEGER,
  `fork_repository_full_name` TEXT COLLATE NOCASE,
  `github_deployment_id` INTEGER,
  `invocation_id` TEXT COLLATE NOCASE,
  `status` TEXT NOT NULL DEFAULT 'pending',
  `trigger` TEXT NOT NULL DEFAULT 'unknown',
  `triggered_by` TEXT COLLATE NOCASE,
  `trigger_reason` TEXT COLLATE NOCASE,
  `created_at` INTEGER NOT NULL,
  `updated_at` INTEGER
);
CREATE UNIQUE INDEX `deployments_id_unique` ON `deployments` (`id`);
CREATE UNIQUE INDEX `deployments_k8s_name_unique` ON `deployments` (`k8s_name`);
CREATE UNIQUE INDEX `deployments_build_id_unique` ON `deployments` (`build_id`);
CREATE INDEX `deployments_workspace_id_idx` ON `deployments` (`workspace_id`);
CREATE INDEX `deployments_project_id_idx` ON `deployments` (`project_id`);
CREATE INDEX `deployments_status_idx` ON `deployments` (`status`);

CREATE TABLE `deployment_steps` (
  `pk` INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  `workspace_id` TEXT NOT NULL,
  `project_id` TEXT NOT NULL,
  `environment_id` TEXT NOT NULL,
  `deployment_id` TEXT NOT NULL,
  `app_id` TEXT NOT NULL,
  `step` TEXT NOT NULL DEFAULT 'queued',
  `started_at` INTEGER NOT NULL,
  `ended_at` INTEGER,
  `error` TEXT COLLATE NOCASE
);
CREATE UNIQUE INDEX `deployment_steps_deployment_id_step_unique` ON `deployment_steps` (`deployment_id`, `step`);
CREATE INDEX `deployment_steps_workspace_id_idx` ON `deployment_steps` (`workspace_id`);

CREATE TABLE `deployment_topology` (
  `pk` INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  `workspace_id` TEXT NOT NULL,
  `deployment_id` TEXT NOT NULL,
  `region_id` TEXT NOT NULL,
  `autoscaling_replicas_min` INTEGER NOT NULL DEFAULT 1,
  `autoscaling_replicas_max` INTEGER NOT NULL DEFAULT 1,
  `autoscaling_threshold_cpu` INTEGER,
  `autoscaling_threshold_memory` INTEGER,
  `desired_status` TEXT NOT NULL,
  `created_at` INTEGER NOT NULL,
  `updated_at` INTEGER
);
CREATE UNIQUE INDEX `deployment_topology_deployment_id_region_id_unique` ON `deployment_topology` (`deployment_id`, `region_id`);
CREATE INDEX `deployment_topology_workspace_id_idx` ON `deployment_topology` (`workspace_id`);
CREATE INDEX `deployment_topology_desired_status_idx` ON `deployment_topology` (`desired_status`);

CREATE TABLE `frontline_routes` (
  `pk` INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  `id` TEXT NOT NULL,
  `project_id` TEXT NOT NULL,
  `app_id` TEXT NOT NULL,
  `deployment_id` TEXT NOT NULL,
  `environment_id` TEXT NOT NULL,
  `fully_qualified_domain_name` TEXT COLLATE NOCASE NOT NULL,
  `sticky` TEXT NOT NULL DEFAULT 'none',
  `created_at` INTEGER NOT NULL,
  `updated_at` INTEGER
);
CREATE UNIQUE INDEX `frontline_routes_id_unique` ON `frontline_routes` (`id`);
CREATE UNIQUE INDEX `frontline_routes_fully_qualified_domain_name_unique` ON `frontline_routes` (`fully_qualified_domain_name`);
CREATE INDEX `frontline_routes_project_id_idx` ON `frontline_routes` (`project_id`);
CREATE INDEX `frontline_routes_deployment_id_idx` ON `frontline_routes` (`deployment_id`);
CREATE INDEX `frontline_routes_environment_id_idx` ON `frontline_routes` (`environment_id`);
CREATE INDEX `frontline_routes_fqdn_environment_deployment_idx` ON `frontline_routes` (`fully_qualified_domain_name`, `environment_id`, `deployment_id`);

CREATE TABLE `custom_domains` (
  `pk` INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  `id` TEXT NOT NULL,
  `workspace_id` TEXT NOT NULL,
  `project_id` TEXT NOT NULL,
  `app_id` TEXT NOT NULL,
  `environment_id` TEXT NOT NULL,
  `domain` TEXT COLLATE NOCASE NOT NULL,
  `challenge_type` TEXT NOT NULL,
  `verification_status` TEXT NOT NULL DEFAULT 'pending',
  `verification_token` TEXT NOT NULL,
  `ownership_verified` INTEGER NOT NULL DEFAULT 0,
  `cname_verified` INTEGER NOT NULL DEFAULT 0,
  `target_cname` TEXT COLLATE NOCASE NOT NULL,
  `last_checked_at` INTEGER,
  `check_attempts` INTEGER NOT NULL DEFAULT 0,
  `verification_error` TEXT COLLATE NOCASE,
  `domain_connect_provider` TEXT COLLATE NOCASE,
  `domain_connect_url` TEXT COLLATE NOCASE,
  `invocation_id` TEXT COLLATE NOCASE,
  `created_at` INTEGER NOT NULL,
  `updated_at` INTEGER
);
CREATE UNIQUE INDEX `custom_domains_id_unique` ON `custom_domains` (`id`);
CREATE UNIQUE INDEX `custom_domains_target_cname_unique` ON `custom_domains` (`target_cname`);
CREATE UNIQUE INDEX `custom_domains_workspace_id_domain_unique` ON `custom_domains` (`workspace_id`, `domain`);
CREATE INDEX `custom_domains_project_id_idx` ON `custom_domains` (`project_id`);
CREATE INDEX `custom_domains_verification_status_idx` ON `custom_domains` (`verification_status`);
CREATE INDEX `custom_domains_environment_id_id_domain_idx` ON `custom_domains` (`environment_id`, `id`, `domain`);
