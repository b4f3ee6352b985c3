CREATE TABLE updating_inner_join_with_updating (
  left_counter BIGINT, counter_mod_2 BIGINT, right_count BIGINT
) WITH (${CHANGES});

INSERT INTO updating_inner_join_with_updating
SELECT counter AS left_counter, counter_mod_2, right_count
FROM impulse
INNER JOIN (SELECT counter % 2 AS counter_mod_2, COUNT(*) AS right_count FROM impulse WHERE counter < 3 GROUP BY counter % 2)
ON counter = right_count
WHERE counter < 3;
