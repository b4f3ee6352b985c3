-- Which of two equal winners comes first is open. Sellers without such are certain, of the others only the number of rows.
CREATE OR REPLACE TEMP VIEW winners AS
SELECT A.id, A.seller, B.price, B.dateTime
FROM auction A JOIN bid B ON A.id = B.auction AND B.dateTime BETWEEN A.dateTime AND A.expires
QUALIFY rank() OVER (PARTITION BY A.id ORDER BY B.price DESC) = 1;
CREATE OR REPLACE TEMP VIEW tied AS
SELECT seller FROM winners GROUP BY seller, id HAVING count(*) > 1
UNION
SELECT seller FROM winners GROUP BY seller, dateTime HAVING count(*) > 1;
SELECT seller, CAST(sum(price) OVER last_ten // count(*) OVER last_ten AS BIGINT)
FROM winners
WHERE seller NOT IN (FROM tied)
WINDOW last_ten AS (PARTITION BY seller ORDER BY dateTime ROWS BETWEEN 10 PRECEDING AND CURRENT ROW);
SELECT seller, count(DISTINCT id) FROM winners WHERE seller IN (FROM tied) GROUP BY seller
