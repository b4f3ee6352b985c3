CREATE VIEW impulse_users AS SELECT `timestamp`, CASE WHEN counter % 10 = 0 THEN 0 ELSE counter END AS user_id FROM impulse;

CREATE TABLE session_window (
  `start` TIMESTAMP(3), `end` TIMESTAMP(3), user_id BIGINT, `rows` BIGINT
) WITH (${APPENDS});

INSERT INTO session_window
SELECT window_start, window_end, user_id, COUNT(*)
FROM TABLE(SESSION(TABLE impulse_users PARTITION BY user_id, DESCRIPTOR(`timestamp`), INTERVAL '20' SECOND))
GROUP BY window_start, window_end, user_id;
