DROP TABLE `clickhouse_workspace_settings`;
DROP TABLE `billing_subscriptions`;
DROP TABLE `workspace_billing`;
DROP TABLE `limits`;
DROP TABLE `workspaces`;
