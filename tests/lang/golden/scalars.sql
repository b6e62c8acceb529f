-- ok and vip and n > 1
"ok" AND "vip" AND ("n" > 1)

-- ok or vip and not ok
"ok" OR ("vip" AND (NOT "ok"))

-- n = 1
"n" = 1

-- status <> 'no_show'
"status" <> 'no_show'

-- n < r
CAST("n" AS DOUBLE) < "r"

-- n <= m
"n" <= "m"

-- n > 0.5
CAST("n" AS DOUBLE) > 0.5e0

-- spend >= yuan(300)
"spend" >= 30000

-- at < as_of
"at" < CAST($as_of AS TIMESTAMP)

-- word is null
"word" IS NULL

-- word is not null
NOT ("word" IS NULL)

-- n in (1, 2)
"n" IN (1, 2)

-- r not in (1, 2.5)
NOT ("r" IN (1.0e0, 2.5e0))

-- born between date '2024-02-28' and date '2024-03-01'
("born" >= CAST('2024-02-28' AS DATE)) AND ("born" <= CAST('2024-03-01' AS DATE))

-- n + m - 1
(CAST("n" AS BIGINT) + CAST("m" AS BIGINT)) - CAST(1 AS BIGINT)

-- n - (m - 1)
CAST("n" AS BIGINT) - (CAST("m" AS BIGINT) - CAST(1 AS BIGINT))

-- n * m + r
CAST(CAST("n" AS BIGINT) * CAST("m" AS BIGINT) AS DOUBLE) + "r"

-- spend * n
CAST("spend" AS BIGINT) * CAST("n" AS BIGINT)

-- n / m
CAST("n" AS DOUBLE) / NULLIF(CAST("m" AS DOUBLE), 0.0e0)

-- spend / paid > 0.3
("spend" / NULLIF("paid", 0.0e0)) > 0.3e0

-- -(n - 1)
0 - (CAST("n" AS BIGINT) - CAST(1 AS BIGINT))

-- case when n > 1 then spend when ok then paid else 0 end
CASE WHEN "n" > 1 THEN "spend" WHEN "ok" THEN "paid" ELSE CAST(0 AS BIGINT) END

-- case when ok then n else 0.5 end
CASE WHEN "ok" THEN CAST("n" AS DOUBLE) ELSE 0.5e0 END

-- coalesce(n, m, 0)
COALESCE("n", "m", CAST(0 AS BIGINT))

-- nullif(n, 0)
NULLIF("n", CAST(0 AS BIGINT))

-- abs(n - m)
ABS((CAST("n" AS BIGINT) - CAST("m" AS BIGINT)))

-- least(n, m, 3)
CASE WHEN ("n" IS NULL) OR ("m" IS NULL) OR (CAST(3 AS BIGINT) IS NULL) THEN NULL ELSE LEAST("n", "m", CAST(3 AS BIGINT)) END

-- greatest(n, r)
CASE WHEN (CAST("n" AS DOUBLE) IS NULL) OR ("r" IS NULL) THEN NULL ELSE GREATEST(CAST("n" AS DOUBLE), "r") END

-- round_down(spend / 3)
CAST(FLOOR("spend" / NULLIF(3.0e0, 0.0e0)) AS BIGINT)

-- fen(spend / n)
CAST(FLOOR("spend" / NULLIF(CAST("n" AS DOUBLE), 0.0e0)) AS BIGINT)

-- days_since(at)
(EPOCH_US(CAST($as_of AS TIMESTAMP)) - EPOCH_US("at") + 345600000000000000) // 86400000000 - 4000000

-- days_since(due)
DATE_DIFF('day', "due", CAST(CAST($as_of AS TIMESTAMP) + INTERVAL '480' MINUTE AS DATE))

-- hours_since(at)
(EPOCH_US(CAST($as_of AS TIMESTAMP)) - EPOCH_US("at") + 345600000000000000) // 3600000000 - 96000000

-- days_between(at, as_of)
(EPOCH_US(CAST($as_of AS TIMESTAMP)) - EPOCH_US("at") + 345600000000000000) // 86400000000 - 4000000

-- days_between(born, on_day(at))
DATE_DIFF('day', "born", CAST("at" + INTERVAL '480' MINUTE AS DATE))

-- month_of(at)
MONTH(CAST("at" + INTERVAL '480' MINUTE AS DATE))

-- month_of(born)
MONTH("born")

-- hour_of(at)
HOUR("at" + INTERVAL '480' MINUTE)

-- weekday_of(at)
DATE_DIFF('day', CAST('0001-01-01' AS DATE), CAST("at" + INTERVAL '480' MINUTE AS DATE)) % 7 + 1

-- weekday_of(born)
DATE_DIFF('day', CAST('0001-01-01' AS DATE), "born") % 7 + 1

-- years_since(born)
(YEAR(CAST(CAST($as_of AS TIMESTAMP) + INTERVAL '480' MINUTE AS DATE)) - YEAR("born")) - CASE WHEN MONTH(CAST(CAST($as_of AS TIMESTAMP) + INTERVAL '480' MINUTE AS DATE)) * 100 + DAY(CAST(CAST($as_of AS TIMESTAMP) + INTERVAL '480' MINUTE AS DATE)) < MONTH("born") * 100 + DAY("born") THEN 1 ELSE 0 END

-- days_until_anniversary(born)
CASE WHEN (DATE_DIFF('day', CAST(CAST($as_of AS TIMESTAMP) + INTERVAL '480' MINUTE AS DATE), MAKE_DATE(YEAR(CAST(CAST($as_of AS TIMESTAMP) + INTERVAL '480' MINUTE AS DATE)), MONTH("born"), 1)) + DAY("born") - 1) >= 0 THEN DATE_DIFF('day', CAST(CAST($as_of AS TIMESTAMP) + INTERVAL '480' MINUTE AS DATE), MAKE_DATE(YEAR(CAST(CAST($as_of AS TIMESTAMP) + INTERVAL '480' MINUTE AS DATE)), MONTH("born"), 1)) + DAY("born") - 1 ELSE DATE_DIFF('day', CAST(CAST($as_of AS TIMESTAMP) + INTERVAL '480' MINUTE AS DATE), MAKE_DATE(YEAR(CAST(CAST($as_of AS TIMESTAMP) + INTERVAL '480' MINUTE AS DATE)) + 1, MONTH("born"), 1)) + DAY("born") - 1 END

-- contains(tags, word)
LIST_CONTAINS("tags", "word")

-- overlaps(tags, list_of('a', word))
LIST_HAS_ANY("tags", LIST_SORT(LIST_DISTINCT(CAST(['a', "word"] AS TEXT[]))))

-- size(codes)
LEN("codes")

-- tags = list_of()
"tags" = LIST_SORT(LIST_DISTINCT(CAST([] AS TEXT[])))

-- decay(n, 30, m)
CAST(ROUND(CAST("m" AS DOUBLE) * 1000000.0e0 * (POWER(2.0e0, -(CAST("n" AS DOUBLE) / 30.0e0)))) AS BIGINT)

-- rank_share(n)
CASE WHEN "n" IS NULL THEN NULL ELSE CAST(RANK() OVER (ORDER BY "n") - 1 AS DOUBLE) / CAST(COUNT("n") OVER () AS DOUBLE) END

-- rank_share(n + m, status)
CASE WHEN ((CAST("n" AS BIGINT) + CAST("m" AS BIGINT)) IS NULL) OR ("status" IS NULL) THEN NULL ELSE CAST(RANK() OVER (PARTITION BY "status" ORDER BY CAST("n" AS BIGINT) + CAST("m" AS BIGINT)) - 1 AS DOUBLE) / CAST(COUNT(CAST("n" AS BIGINT) + CAST("m" AS BIGINT)) OVER (PARTITION BY "status") AS DOUBLE) END

-- n + null
CAST(NULL AS BIGINT)
