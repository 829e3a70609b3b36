DROP TABLE `portal_sessions`;
DROP TABLE `portals`;
DROP TABLE `projects`;
