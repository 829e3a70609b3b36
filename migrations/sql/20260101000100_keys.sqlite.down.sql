DROP TABLE `keys_roles`;
DROP TABLE `keys_permissions`;
DROP TABLE `key_migrations`;
DROP TABLE `encrypted_keys`;
DROP TABLE `keys`;
DROP TABLE `key_auth`;
DROP TABLE `apis`;
