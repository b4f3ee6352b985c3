CREATE TABLE filter_updating_aggregates (
  subtasks BIGINT
) WITH (${CHANGES});

INSERT INTO filter_updating_aggregates
SELECT * FROM (SELECT COUNT(DISTINCT subtask_index) AS subtasks FROM impulse) WHERE subtasks >= 1;
