CREATE TABLE aggregates (
  `min` BIGINT, `max` BIGINT, `sum` BIGINT, `count` BIGINT, `avg` DOUBLE
) WITH (${CHANGES});

INSERT INTO aggregates
SELECT MIN(counter), MAX(counter), SUM(counter), COUNT(*), AVG(CAST(counter AS DOUBLE)) FROM impulse;
