CREATE TABLE udaf (
  median BIGINT, none_value DOUBLE, max_product BIGINT
) WITH (${APPENDS});

INSERT INTO udaf
SELECT CAST(PERCENTILE(counter, 0.5) AS BIGINT), CAST(NULL AS DOUBLE), MAX(counter * subtask_index)
FROM TABLE(TUMBLE(TABLE impulse, DESCRIPTOR(`timestamp`), INTERVAL '30' DAY(3)))
GROUP BY window_start, window_end;
