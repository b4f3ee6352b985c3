CREATE VIEW unnest_view AS
SELECT u.counter
FROM (SELECT window_start, window_end, ARRAY_AGG(counter) AS counters FROM TABLE(TUMBLE(TABLE impulse, DESCRIPTOR(`timestamp`), INTERVAL '1' DAY)) GROUP BY window_start, window_end)
CROSS JOIN UNNEST(counters) AS u (counter);

CREATE TABLE unnest_in_view (
  counter BIGINT
) WITH (${APPENDS});

INSERT INTO unnest_in_view
SELECT counter FROM unnest_view;
