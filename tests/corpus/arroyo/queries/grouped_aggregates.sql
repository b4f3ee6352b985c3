CREATE TABLE grouped_aggregates (
  counter_mod BIGINT, `min` BIGINT, `max` BIGINT, `sum` BIGINT, `count` BIGINT, `avg` DOUBLE, PRIMARY KEY (counter_mod) NOT ENFORCED
) WITH (${CHANGES});

INSERT INTO grouped_aggregates
SELECT counter % 5, MIN(counter), MAX(counter), SUM(counter), COUNT(*), AVG(CAST(counter AS DOUBLE))
FROM impulse
GROUP BY counter % 5;
