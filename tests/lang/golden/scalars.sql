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
CAST("m" AS BIGINT) * ((LIST_EXTRACT(CAST([1048576000000, 1024626491061, 1001223989662, 978356002134, 956010320162, 934175014273, 912838427459, 891989168961, 871616108186, 851708368762, 832255322734, 813246584892, 794672007223, 776521673493, 758785893959, 741455200189, 724520340013, 707972272577, 691802163523, 676001380271, 660561487407, 645474242184, 630731590117, 616325660690, 602248763145, 588493382384, 575052174954, 561917965126, 549083741065, 536542651087] AS BIGINT[]), CAST(((CASE WHEN CAST("n" AS BIGINT) < 0 THEN CAST(0 AS BIGINT) ELSE CAST("n" AS BIGINT) END) % 30) + 1 AS INT)) + ((CAST(1 AS BIGINT) << (CAST(LEAST((CASE WHEN CAST("n" AS BIGINT) < 0 THEN CAST(0 AS BIGINT) ELSE CAST("n" AS BIGINT) END) // 30, 22) AS INT) + 20)) >> 1)) >> (CAST(LEAST((CASE WHEN CAST("n" AS BIGINT) < 0 THEN CAST(0 AS BIGINT) ELSE CAST("n" AS BIGINT) END) // 30, 22) AS INT) + 20))

-- left(word, 2)
SUBSTRING("word", 1, CAST(CAST(2 AS BIGINT) AS INT))

-- without_end(word, note)
CASE WHEN ("word" IS NULL) OR ("note" IS NULL) THEN NULL ELSE CASE WHEN LENGTH("word") >= LENGTH("note") AND SUBSTRING("word", CAST(LENGTH("word") - LENGTH("note") + 1 AS INT)) = "note" THEN SUBSTRING("word", 1, CAST(LENGTH("word") - LENGTH("note") AS INT)) ELSE "word" END END

-- list_union(tags, codes)
CASE WHEN ("tags" IS NULL) OR ("codes" IS NULL) THEN CAST(NULL AS TEXT[]) ELSE LIST_SORT(LIST_DISTINCT(LIST_CONCAT("tags", "codes"))) END

-- list_common(tags, list_of('a', word))
CASE WHEN LIST_SORT(LIST_DISTINCT(CAST(['a', "word"] AS TEXT[]))) IS NULL THEN CAST(NULL AS TEXT[]) ELSE LIST_FILTER("tags", LAMBDA _m : LIST_CONTAINS(LIST_SORT(LIST_DISTINCT(CAST(['a', "word"] AS TEXT[]))), _m)) END

-- list_minus(codes, tags)
CASE WHEN "tags" IS NULL THEN CAST(NULL AS TEXT[]) ELSE LIST_FILTER("codes", LAMBDA _m : NOT LIST_CONTAINS("tags", _m)) END

-- value_of(tags, left(word, 1))
SUBSTRING(LIST_MIN(LIST_FILTER("tags", LAMBDA _m : STARTS_WITH(_m, (SUBSTRING("word", 1, CAST(CAST(1 AS BIGINT) AS INT)) || '=')))), CAST(LENGTH(SUBSTRING("word", 1, CAST(CAST(1 AS BIGINT) AS INT))) + 2 AS INT))

-- add_days(born, n)
CASE WHEN (CAST("n" AS BIGINT)) BETWEEN -3652058 AND 3652058 THEN CASE WHEN ((DATE_DIFF('day', CAST('0001-01-01' AS DATE), "born")) + CAST("n" AS BIGINT)) BETWEEN 0 AND 3652058 THEN CAST("born" + INTERVAL (CAST("n" AS INT)) DAY AS DATE) ELSE NULL END ELSE CAST(NULL AS DATE) END

-- add_months(born, n)
CASE WHEN (CAST("n" AS BIGINT)) BETWEEN -119999 AND 119999 THEN CASE WHEN ((YEAR("born") * 12 + MONTH("born") - 1) + CAST("n" AS BIGINT)) BETWEEN 12 AND 119999 THEN CAST("born" + INTERVAL (CAST("n" AS INT)) MONTH AS DATE) ELSE NULL END ELSE CAST(NULL AS DATE) END

-- date_range(born, due)
CAST("born" AS TEXT) || '..' || CAST("due" AS TEXT)

-- day_number(at)
DATE_DIFF('day', CAST('0001-01-01' AS DATE), CAST("at" + INTERVAL '480' MINUTE AS DATE))

-- week_number(born)
(DATE_DIFF('day', CAST('0001-01-01' AS DATE), "born")) // 7

-- month_number(at)
YEAR(CAST("at" + INTERVAL '480' MINUTE AS DATE)) * 12 + MONTH(CAST("at" + INTERVAL '480' MINUTE AS DATE)) - 1

-- landmark(30) - day_number(at)
(((DATE_DIFF('day', CAST('0001-01-01' AS DATE), CAST(CAST($as_of AS TIMESTAMP) + INTERVAL '480' MINUTE AS DATE))) // CAST(30 AS BIGINT)) * CAST(30 AS BIGINT) + CAST(30 AS BIGINT)) - DATE_DIFF('day', CAST('0001-01-01' AS DATE), CAST("at" + INTERVAL '480' MINUTE AS DATE))

-- band(n, 4)
CASE WHEN "n" IS NULL THEN NULL ELSE CAST((CAST((RANK() OVER (ORDER BY "n") - 1) * CAST(4 AS BIGINT) AS BIGINT) // COUNT("n") OVER ()) + 1 AS BIGINT) END

-- band(n + m, 3, status)
CASE WHEN ((CAST("n" AS BIGINT) + CAST("m" AS BIGINT)) IS NULL) OR ("status" IS NULL) THEN NULL ELSE CAST((CAST((RANK() OVER (PARTITION BY "status" ORDER BY CAST("n" AS BIGINT) + CAST("m" AS BIGINT)) - 1) * CAST(3 AS BIGINT) AS BIGINT) // COUNT(CAST("n" AS BIGINT) + CAST("m" AS BIGINT)) OVER (PARTITION BY "status")) + 1 AS BIGINT) END

-- peers(status)
CASE WHEN "status" IS NULL THEN NULL ELSE COUNT("status") OVER (PARTITION BY "status") END

-- peers(left(word, 1))
CASE WHEN SUBSTRING("word", 1, CAST(CAST(1 AS BIGINT) AS INT)) IS NULL THEN NULL ELSE COUNT(SUBSTRING("word", 1, CAST(CAST(1 AS BIGINT) AS INT))) OVER (PARTITION BY SUBSTRING("word", 1, CAST(CAST(1 AS BIGINT) AS INT))) END

-- rank_share(n)
CASE WHEN "n" IS NULL THEN NULL ELSE CAST(RANK() OVER (ORDER BY "n") - 1 AS DOUBLE) / CAST(COUNT("n") OVER () AS DOUBLE) END

-- rank_share(n + m, status)
CASE WHEN ((CAST("n" AS BIGINT) + CAST("m" AS BIGINT)) IS NULL) OR ("status" IS NULL) THEN NULL ELSE CAST(RANK() OVER (PARTITION BY "status" ORDER BY CAST("n" AS BIGINT) + CAST("m" AS BIGINT)) - 1 AS DOUBLE) / CAST(COUNT(CAST("n" AS BIGINT) + CAST("m" AS BIGINT)) OVER (PARTITION BY "status") AS DOUBLE) END

-- rank_share(n, status, word)
CASE WHEN ("n" IS NULL) OR ("status" IS NULL) OR ("word" IS NULL) THEN NULL ELSE CAST(RANK() OVER (PARTITION BY "status", "word" ORDER BY "n") - 1 AS DOUBLE) / CAST(COUNT("n") OVER (PARTITION BY "status", "word") AS DOUBLE) END

-- n + null
CAST(NULL AS BIGINT)
