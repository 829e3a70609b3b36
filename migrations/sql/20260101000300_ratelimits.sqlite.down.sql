DROP TABLE `ratelimit_global_counters`;
DROP TABLE `ratelimit_overrides`;
DROP TABLE `ratelimit_namespaces`;
