WITH winning AS (
  SELECT A.id, A.category, max(B.price) AS final
  FROM auction A JOIN bid B ON A.id = B.auction AND B.dateTime BETWEEN A.dateTime AND A.expires
  GROUP BY A.id, A.category
)
SELECT category, CAST(sum(final) // count(*) AS BIGINT) FROM winning GROUP BY category
