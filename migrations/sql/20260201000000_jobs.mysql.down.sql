DROP TABLE `job_state`;
DROP TABLE `job_leases`;
