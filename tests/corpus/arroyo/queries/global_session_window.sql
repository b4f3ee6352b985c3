CREATE TABLE global_session_window (
  `start` TIMESTAMP(3), `end` TIMESTAMP(3), `rows` BIGINT
) WITH (${APPENDS});

INSERT INTO global_session_window
SELECT window_start, window_end, COUNT(*)
FROM TABLE(SESSION(TABLE impulse_tight, DESCRIPTOR(`timestamp`), INTERVAL '20' SECOND))
GROUP BY window_start, window_end;
