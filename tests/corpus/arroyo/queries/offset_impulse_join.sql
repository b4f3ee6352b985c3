CREATE TABLE offset_impulse_join (
  `start` TIMESTAMP(3), counter BIGINT
) WITH (${APPENDS});

INSERT INTO offset_impulse_join
SELECT a.window_start, a.counter
FROM (SELECT window_start, window_end, counter, COUNT(*) FROM TABLE(TUMBLE(TABLE impulse_tight, DESCRIPTOR(`timestamp`), INTERVAL '1' SECOND)) GROUP BY window_start, window_end, counter) a
JOIN (SELECT window_start, window_end, counter, COUNT(*) FROM TABLE(TUMBLE(TABLE impulse_delayed, DESCRIPTOR(`timestamp`), INTERVAL '1' SECOND)) GROUP BY window_start, window_end, counter) b
ON a.counter = b.counter;
