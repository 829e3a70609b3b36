DROP TABLE `custom_domains`;
DROP TABLE `frontline_routes`;
DROP TABLE `deployment_topology`;
DROP TABLE `deployment_steps`;
DROP TABLE `deployments`;
