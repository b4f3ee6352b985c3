-- Pass-through: what it costs to move rows.
SELECT auction, bidder, price, dateTime, extra FROM bid
