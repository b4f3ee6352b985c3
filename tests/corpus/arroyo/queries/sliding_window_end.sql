CREATE TABLE sliding_window_end (
  `count` BIGINT, `min` BIGINT, `max` BIGINT, `start` TIMESTAMP(3), `end` TIMESTAMP(3)
) WITH (${APPENDS});

INSERT INTO sliding_window_end
SELECT COUNT(*), MIN(counter), MAX(counter), window_start, window_end
FROM TABLE(HOP(TABLE impulse, DESCRIPTOR(`timestamp`), INTERVAL '2' SECOND, INTERVAL '10' SECOND))
GROUP BY window_start, window_end;
