DROP TABLE `roles_permissions`;
DROP TABLE `roles`;
DROP TABLE `permissions`;
DROP TABLE `ratelimits`;
DROP TABLE `identities`;
