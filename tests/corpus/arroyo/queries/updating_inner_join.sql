CREATE VIEW impulse_odd AS SELECT * FROM impulse WHERE counter % 2 = 1;

CREATE TABLE updating_inner_join (
  left_count BIGINT, right_count BIGINT
) WITH (${CHANGES});

INSERT INTO updating_inner_join
SELECT A.counter, B.counter FROM impulse A JOIN impulse_odd B ON A.counter = B.counter;
