-- What of a result is certain, and the rows that it may be: of bids in the same millisecond any may be the last.
SELECT bidder, auction, max(dateTime) FROM bid GROUP BY bidder, auction;
SELECT auction, bidder, price, channel, url, dateTime, extra FROM bid QUALIFY dateTime = max(dateTime) OVER (PARTITION BY bidder, auction)
