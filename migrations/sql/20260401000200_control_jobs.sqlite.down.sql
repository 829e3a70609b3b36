DROP TABLE `control_jobs`;
