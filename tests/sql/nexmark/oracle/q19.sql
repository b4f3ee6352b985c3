-- What of a result is certain, and the rows that it may be: bids of one price stand in any order.
SELECT auction, price, row_number() OVER (PARTITION BY auction ORDER BY price DESC) AS place FROM bid QUALIFY place <= 10;
SELECT auction, bidder, price, channel, url, dateTime, extra FROM bid QUALIFY rank() OVER (PARTITION BY auction ORDER BY price DESC) <= 10
