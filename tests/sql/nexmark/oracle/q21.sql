SELECT auction, bidder, price, channel,
  CASE WHEN channel IN ('Apple', 'Google', 'Facebook', 'Baidu') THEN CAST(list_position(['Apple', 'Google', 'Facebook', 'Baidu'], channel) - 1 AS VARCHAR)
    ELSE string_split(string_split(url, '&channel_id=')[2], '&')[1] END AS channel_id
FROM bid
WHERE contains(url, '&channel_id=') OR channel IN ('Apple', 'Google', 'Facebook', 'Baidu')
