DROP TABLE `credit_settlements`;
