-- Indexes that the tables of the reference do not have and that lists and deletions need: a page of a list is read in the
-- order of its index, and what hangs on a deleted thing is found by one. Their names begin with `ours_`, so that they meet
-- none of the reference's.

CREATE INDEX `ours_identities_page_idx` ON `identities` (`workspace_id`, `deleted`, `id`);
CREATE INDEX `ours_permissions_page_idx` ON `permissions` (`workspace_id`, `id`);
CREATE INDEX `ours_roles_page_idx` ON `roles` (`workspace_id`, `id`);
CREATE INDEX `ours_ratelimit_overrides_page_idx` ON `ratelimit_overrides` (`namespace_id`, `deleted_at_m`, `id`);
CREATE INDEX `ours_projects_page_idx` ON `projects` (`workspace_id`, `id`);
CREATE INDEX `ours_apps_page_idx` ON `apps` (`project_id`, `id`);
CREATE INDEX `ours_app_environment_variables_page_idx` ON `app_environment_variables` (`app_id`, `environment_id`, `id`);
CREATE INDEX `ours_keys_permissions_permission_id_idx` ON `keys_permissions` (`permission_id`);
CREATE INDEX `ours_deployments_environment_id_status_idx` ON `deployments` (`environment_id`, `status`);
CREATE INDEX `ours_custom_domains_domain_idx` ON `custom_domains` (`domain`);
CREATE INDEX `ours_custom_domains_app_id_idx` ON `custom_domains` (`app_id`);
