
SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

SET default_tablespace = '';

SET default_table_access_method = heap;

CREATE TABLE public.applied_filter (
    id integer NOT NULL,
    product_prefix text NOT NULL COLLATE pg_catalog."C",
    max_quantity integer NOT NULL,
    CONSTRAINT applied_filter_id_check CHECK ((id = 1))
);

CREATE TABLE public.batches (
    id text NOT NULL COLLATE pg_catalog."C",
    status text NOT NULL,
    source text NOT NULL,
    started_at timestamp with time zone NOT NULL,
    completed_at timestamp with time zone,
    accepted bigint NOT NULL,
    rejected bigint NOT NULL,
    inserted bigint,
    replaced bigint,
    unchanged bigint,
    duplicates bigint
);

CREATE TABLE public.daily_counts (
    name text NOT NULL COLLATE pg_catalog."C",
    day date NOT NULL,
    count bigint NOT NULL
);

CREATE TABLE public.data_protection_keys (
    name text NOT NULL COLLATE pg_catalog."C",
    xml text NOT NULL
);

CREATE TABLE public.dirty_months (
    month date NOT NULL
);

CREATE TABLE public.pg_sales (
    transaction_id text NOT NULL COLLATE pg_catalog."C",
    product text NOT NULL COLLATE pg_catalog."C",
    price numeric(13,4) NOT NULL,
    quantity integer NOT NULL,
    amount numeric(20,4) NOT NULL,
    sale_date date NOT NULL
);

CREATE VIEW public.fact_sales AS
 SELECT pg_sales.transaction_id,
    pg_sales.product,
    pg_sales.price,
    pg_sales.quantity,
    pg_sales.amount,
    pg_sales.sale_date
   FROM public.pg_sales;

CREATE TABLE public.leases (
    name text NOT NULL COLLATE pg_catalog."C",
    holder text NOT NULL,
    fence bigint NOT NULL,
    expires_at timestamp with time zone NOT NULL
);

CREATE TABLE public.loaded_batches (
    id text NOT NULL COLLATE pg_catalog."C",
    inserted bigint NOT NULL,
    replaced bigint NOT NULL,
    unchanged bigint NOT NULL,
    duplicates bigint NOT NULL
);

CREATE TABLE public.mart_versions (
    mart text NOT NULL COLLATE pg_catalog."C",
    month date NOT NULL,
    version bigint NOT NULL,
    changed_at timestamp with time zone NOT NULL
);

CREATE TABLE public.transactions (
    transaction_id text NOT NULL COLLATE pg_catalog."C",
    product text COLLATE pg_catalog."C",
    price numeric(13,4) NOT NULL,
    quantity integer NOT NULL,
    date date NOT NULL
);

CREATE VIEW public.raw_transactions AS
 SELECT transactions.transaction_id,
    transactions.product,
    transactions.price,
    transactions.quantity,
    transactions.date
   FROM public.transactions;

CREATE TABLE public.rejected_transactions (
    batch text NOT NULL COLLATE pg_catalog."C",
    line bigint NOT NULL,
    field text NOT NULL,
    reason text NOT NULL
);

CREATE TABLE public.runs (
    id text NOT NULL COLLATE pg_catalog."C",
    dag text NOT NULL,
    trigger text NOT NULL,
    fire_time timestamp with time zone,
    status text NOT NULL,
    owner text NOT NULL,
    attempt integer NOT NULL,
    step text NOT NULL,
    started_at timestamp with time zone NOT NULL,
    finished_at timestamp with time zone,
    next_attempt_at timestamp with time zone,
    error text,
    batches integer NOT NULL,
    inserted bigint NOT NULL,
    replaced bigint NOT NULL,
    unchanged bigint NOT NULL,
    duplicates bigint NOT NULL,
    months integer NOT NULL,
    note text
);

CREATE TABLE public.schema_versions (
    name text NOT NULL,
    version integer NOT NULL
);

CREATE TABLE public.snapshots (
    key text NOT NULL COLLATE pg_catalog."C",
    version bigint NOT NULL,
    fence bigint NOT NULL,
    data_version text NOT NULL,
    data_as_of timestamp with time zone NOT NULL,
    checked_at timestamp with time zone NOT NULL,
    content bytea
);
ALTER TABLE ONLY public.snapshots ALTER COLUMN content SET STORAGE EXTERNAL;

CREATE TABLE public.summary_sales (
    transaction_id text NOT NULL COLLATE pg_catalog."C",
    product text NOT NULL COLLATE pg_catalog."C",
    sale_month date NOT NULL,
    total_amount numeric(24,4) NOT NULL,
    avg_price numeric(13,4) NOT NULL,
    transaction_count bigint NOT NULL,
    total_quantity bigint NOT NULL
);

CREATE TABLE public.users (
    name text NOT NULL COLLATE pg_catalog."C",
    password_hash text NOT NULL,
    roles text NOT NULL,
    disabled boolean DEFAULT false NOT NULL,
    stamp text NOT NULL,
    changed_at timestamp with time zone NOT NULL
);

INSERT INTO public.applied_filter VALUES (1, 'Halal', 100);

INSERT INTO public.batches VALUES ('01a217b3c5657496a74f75f92437b0b9', 'loaded', 'transactions.csv', '2026-11-26 11:53:07.190746+00', '2026-11-26 11:53:07.466653+00', 3, 2, 3, 0, 0, 0);
INSERT INTO public.batches VALUES ('01a217b3d0c17d7eaf2bc85d3d042a62', 'loaded', 'two.csv', '2026-11-26 11:53:10.085153+00', '2026-11-26 11:53:10.105562+00', 3, 2, 3, 0, 0, 0);

INSERT INTO public.leases VALUES ('batch/01a217b3c5657496a74f75f92437b0b9', '01a217b3c5657496a74f75f92437b0b9', 1, '-infinity');
INSERT INTO public.leases VALUES ('operational/2023-10/Halal', 'fixture/6425/675175fe86564911af7e63b4f3698a1a', 1, '-infinity');
INSERT INTO public.leases VALUES ('warehouse/2023-10/Halal', 'fixture/6425/675175fe86564911af7e63b4f3698a1a', 1, '-infinity');
INSERT INTO public.leases VALUES ('batch/01a217b3d0c17d7eaf2bc85d3d042a62', '01a217b3d0c17d7eaf2bc85d3d042a62', 1, '-infinity');
INSERT INTO public.leases VALUES ('pipeline', 'fixture/6425/33658cc513af4b9d8b190b335f44ad40', 2, '-infinity');
INSERT INTO public.leases VALUES ('warehouse/2023-11/Halal', 'fixture/6425/675175fe86564911af7e63b4f3698a1a', 1, '-infinity');
INSERT INTO public.leases VALUES ('operational/2023-11/Halal', 'fixture/6425/675175fe86564911af7e63b4f3698a1a', 1, '-infinity');
INSERT INTO public.leases VALUES ('warehouse/2023-11/Halal T', 'fixture/6425/675175fe86564911af7e63b4f3698a1a', 1, '-infinity');
INSERT INTO public.leases VALUES ('process/fixture/6425/33658cc513af4b9d8b190b335f44ad40', 'fixture/6425/33658cc513af4b9d8b190b335f44ad40', 1, '-infinity');

INSERT INTO public.loaded_batches VALUES ('01a217b3c5657496a74f75f92437b0b9', 3, 0, 0, 0);
INSERT INTO public.loaded_batches VALUES ('01a217b3d0c17d7eaf2bc85d3d042a62', 3, 0, 0, 0);

INSERT INTO public.mart_versions VALUES ('warehouse', '2023-10-01', 1795693987621, '2026-11-26 11:53:07.621684+00');
INSERT INTO public.mart_versions VALUES ('operational', '2023-10-01', 1795693987622, '2026-11-26 11:53:07.621931+00');
INSERT INTO public.mart_versions VALUES ('warehouse', '2023-11-01', 1795693990143, '2026-11-26 11:53:10.142836+00');
INSERT INTO public.mart_versions VALUES ('operational', '2023-11-01', 1795693990143, '2026-11-26 11:53:10.14288+00');

INSERT INTO public.pg_sales VALUES ('e78d6e358171a045d54a628e52c664755d2003250e554d6490a2e3b5794d20a2', 'Halal Laptop', 999.9900, 2, 1999.9800, '2023-10-01');
INSERT INTO public.pg_sales VALUES ('9ba7d0652682e1fe75b90bd1ea8a1a69e679a0039c80fc9c85e10e2ff7ddc793', 'Halal Mouse', 24.9900, 10, 249.9000, '2023-10-02');
INSERT INTO public.pg_sales VALUES ('963606fbc3791a6c3053264f977ce910821a69680e5e41de99e6b3f04d7d0471', 'Halal Keyboard', 49.9900, 5, 249.9500, '2023-10-03');
INSERT INTO public.pg_sales VALUES ('b8f21d0ed910e3a2f2efed8b86c89c878f381bf473d329954e0a9fea742c4994', 'Halal Tea', 12.5000, 4, 50.0000, '2023-11-05');
INSERT INTO public.pg_sales VALUES ('1d18ab6f292577eee1446c2ffeadc44bb2884874892fb559cf58eb2dbd4c96e5', 'Halal Laptop', 999.9900, 1, 999.9900, '2023-11-06');
INSERT INTO public.pg_sales VALUES ('821f84c71f89447b43370e900203b2737a9c2460f0c54d59916f3cd902b05aaf', 'Halal Tea', 12.5000, 2, 25.0000, '2023-11-06');

INSERT INTO public.rejected_transactions VALUES ('01a217b3c5657496a74f75f92437b0b9', 5, 'product', 'missing');
INSERT INTO public.rejected_transactions VALUES ('01a217b3c5657496a74f75f92437b0b9', 6, 'product', 'wrong_prefix');
INSERT INTO public.rejected_transactions VALUES ('01a217b3d0c17d7eaf2bc85d3d042a62', 5, 'price', 'price_too_low');
INSERT INTO public.rejected_transactions VALUES ('01a217b3d0c17d7eaf2bc85d3d042a62', 6, 'price', 'not_of_type');

INSERT INTO public.runs VALUES ('01a217b3c6a976ac9a96a9a1f8bd0d5e', 'transform_sales_mart', 'sample', NULL, 'succeeded', 'fixture/6425/33658cc513af4b9d8b190b335f44ad40', 1, 'export', '2026-11-26 11:53:07.497488+00', '2026-11-26 11:53:07.68134+00', NULL, NULL, 1, 3, 0, 0, 0, 1, NULL);
INSERT INTO public.runs VALUES ('01a217b3d0e0756fb85c3edfc8a54a0b', 'transform_sales_mart', 'upload', NULL, 'succeeded', 'fixture/6425/33658cc513af4b9d8b190b335f44ad40', 1, 'export', '2026-11-26 11:53:10.112984+00', '2026-11-26 11:53:10.15128+00', NULL, NULL, 1, 3, 0, 0, 0, 1, NULL);

INSERT INTO public.schema_versions VALUES ('store', 3);
INSERT INTO public.schema_versions VALUES ('mart', 1);

INSERT INTO public.snapshots VALUES ('operational/2023-10/Halal', 1, 1, '1795693987622', '2026-11-26 11:53:08.204974+00', '2026-11-26 11:53:08.204974+00', '\x010b7e800301010e48616c616c204b6579626f61726401963606fbc3791a6c3053264f977ce910821a69680e5e41de99e6b3f04d7d0471eb8b2da36100000000000000000000000002008713000000000000000000000000020001050c48616c616c204c6170746f7001e78d6e358171a045d54a628e52c664755d2003250e554d6490a2e3b5794d20a2e98b2d3e0d03000000000000000000000002009f86010000000000000000000000020001020b48616c616c204d6f757365019ba7d0652682e1fe75b90bd1ea8a1a69e679a0039c80fc9c85e10e2ff7ddc793ea8b2dc3090000000000000000000000000100c3090000000000000000000000000200010a03');
INSERT INTO public.snapshots VALUES ('warehouse/2023-10/Halal', 1, 1, '1795693987621', '2026-11-26 11:53:08.203013+00', '2026-11-26 11:53:08.203013+00', '\x010b7e800301010e48616c616c204b6579626f61726401963606fbc3791a6c3053264f977ce910821a69680e5e41de99e6b3f04d7d0471e98b2da36100000000000000000000000002008713000000000000000000000000020001050c48616c616c204c6170746f7001e78d6e358171a045d54a628e52c664755d2003250e554d6490a2e3b5794d20a2e98b2d3e0d03000000000000000000000002009f86010000000000000000000000020001020b48616c616c204d6f757365019ba7d0652682e1fe75b90bd1ea8a1a69e679a0039c80fc9c85e10e2ff7ddc793e98b2dc3090000000000000000000000000100c3090000000000000000000000000200010a03');
INSERT INTO public.snapshots VALUES ('warehouse/2023-11/Halal', 1, 1, '1795693990143', '2026-11-26 11:53:10.272814+00', '2026-11-26 11:53:10.272814+00', '\x018b52800201010c48616c616c204c6170746f70011d18ab6f292577eee1446c2ffeadc44bb2884874892fb559cf58eb2dbd4c96e5888c2d9f8601000000000000000000000002009f86010000000000000000000000020001010948616c616c2054656101821f84c71f89447b43370e900203b2737a9c2460f0c54d59916f3cd902b05aaf888c2d4b0000000000000000000000000000007d000000000000000000000000000100020603');
INSERT INTO public.snapshots VALUES ('operational/2023-11/Halal', 1, 1, '1795693990143', '2026-11-26 11:53:10.330379+00', '2026-11-26 11:53:10.330379+00', '\x010b76800301010c48616c616c204c6170746f70011d18ab6f292577eee1446c2ffeadc44bb2884874892fb559cf58eb2dbd4c96e58d8c2d9f8601000000000000000000000002009f86010000000000000000000000020001010948616c616c2054656101821f84c71f89447b43370e900203b2737a9c2460f0c54d59916f3cd902b05aaf8d8c2d190000000000000000000000000000007d00000000000000000000000000010001020001b8f21d0ed910e3a2f2efed8b86c89c878f381bf473d329954e0a9fea742c49948c8c2d320000000000000000000000000000007d000000000000000000000000000100010403');
INSERT INTO public.snapshots VALUES ('warehouse/2023-11/Halal T', 1, 1, '1795693990143', '2026-11-26 11:53:10.365734+00', '2026-11-26 11:53:10.365734+00', '\x010b29800101010948616c616c2054656101821f84c71f89447b43370e900203b2737a9c2460f0c54d59916f3cd902b05aaf888c2d4b0000000000000000000000000000007d000000000000000000000000000100020603');

INSERT INTO public.summary_sales VALUES ('963606fbc3791a6c3053264f977ce910821a69680e5e41de99e6b3f04d7d0471', 'Halal Keyboard', '2023-10-01', 249.9500, 49.9900, 1, 5);
INSERT INTO public.summary_sales VALUES ('e78d6e358171a045d54a628e52c664755d2003250e554d6490a2e3b5794d20a2', 'Halal Laptop', '2023-10-01', 1999.9800, 999.9900, 1, 2);
INSERT INTO public.summary_sales VALUES ('9ba7d0652682e1fe75b90bd1ea8a1a69e679a0039c80fc9c85e10e2ff7ddc793', 'Halal Mouse', '2023-10-01', 249.9000, 24.9900, 1, 10);
INSERT INTO public.summary_sales VALUES ('1d18ab6f292577eee1446c2ffeadc44bb2884874892fb559cf58eb2dbd4c96e5', 'Halal Laptop', '2023-11-01', 999.9900, 999.9900, 1, 1);
INSERT INTO public.summary_sales VALUES ('821f84c71f89447b43370e900203b2737a9c2460f0c54d59916f3cd902b05aaf', 'Halal Tea', '2023-11-01', 75.0000, 12.5000, 2, 6);

INSERT INTO public.transactions VALUES ('963606fbc3791a6c3053264f977ce910821a69680e5e41de99e6b3f04d7d0471', 'Halal Keyboard', 49.9900, 5, '2023-10-03');
INSERT INTO public.transactions VALUES ('9ba7d0652682e1fe75b90bd1ea8a1a69e679a0039c80fc9c85e10e2ff7ddc793', 'Halal Mouse', 24.9900, 10, '2023-10-02');
INSERT INTO public.transactions VALUES ('e78d6e358171a045d54a628e52c664755d2003250e554d6490a2e3b5794d20a2', 'Halal Laptop', 999.9900, 2, '2023-10-01');
INSERT INTO public.transactions VALUES ('1d18ab6f292577eee1446c2ffeadc44bb2884874892fb559cf58eb2dbd4c96e5', 'Halal Laptop', 999.9900, 1, '2023-11-06');
INSERT INTO public.transactions VALUES ('821f84c71f89447b43370e900203b2737a9c2460f0c54d59916f3cd902b05aaf', 'Halal Tea', 12.5000, 2, '2023-11-06');
INSERT INTO public.transactions VALUES ('b8f21d0ed910e3a2f2efed8b86c89c878f381bf473d329954e0a9fea742c4994', 'Halal Tea', 12.5000, 4, '2023-11-05');

INSERT INTO public.users VALUES ('admin', 'AQAAAAIAAzRQAAAAEJ71u6t3AlzyG0xFRcx6hC4kj6Eu/ZbnKsv0qpvwpdaDZ9Ii/MuuY+xM3tJsRJ3z8A==', 'viewer,ingestor,operator', false, 'dd0d05328cd761d8', '2026-11-26 11:53:07.013239+00');
INSERT INTO public.users VALUES ('viola', 'AQAAAAIAAzRQAAAAEPr9kk7GXYpN4xjijFffh+q+5QLDIcrzARugv86eZNWtgVSHeRIYdcjLqZJPPsZ6SA==', 'viewer', false, 'da3318705bf2b809', '2026-11-26 11:53:11.622397+00');
INSERT INTO public.users VALUES ('ingo', 'AQAAAAIAAzRQAAAAEOtGhoc98d81L+Xq11lZXF42eimEGc72sNvkoNDAck64Wma4x9uVkNGzfV7n7R/fIQ==', 'ingestor', false, '402f0c4968ec4eb2', '2026-11-26 11:53:12.896965+00');
INSERT INTO public.users VALUES ('olga', 'AQAAAAIAAzRQAAAAEI5bYZSp5iWeJoSz+6yJYbKcNGDyJntp1tbBfwYsBb9hZJu9Nv1NARqFW69AzFuKTw==', 'operator', false, 'eb6b1acace025b4e', '2026-11-26 11:53:14.051141+00');
INSERT INTO public.users VALUES ('dora', 'AQAAAAIAAzRQAAAAEJNq6ly5MI/2JVQESuUjFimSlwXTRbRuOSRlPvslrzeDhhWe4Vzhpu3sGgbg8z3q5A==', 'viewer', true, '6fd00ec80d46c544', '2026-11-26 11:53:16.231029+00');

ALTER TABLE ONLY public.applied_filter
    ADD CONSTRAINT applied_filter_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.batches
    ADD CONSTRAINT batches_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.daily_counts
    ADD CONSTRAINT daily_counts_pkey PRIMARY KEY (name, day);

ALTER TABLE ONLY public.data_protection_keys
    ADD CONSTRAINT data_protection_keys_pkey PRIMARY KEY (name);

ALTER TABLE ONLY public.dirty_months
    ADD CONSTRAINT dirty_months_pkey PRIMARY KEY (month);

ALTER TABLE ONLY public.leases
    ADD CONSTRAINT leases_pkey PRIMARY KEY (name);

ALTER TABLE ONLY public.loaded_batches
    ADD CONSTRAINT loaded_batches_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.mart_versions
    ADD CONSTRAINT mart_versions_pkey PRIMARY KEY (mart, month);

ALTER TABLE ONLY public.pg_sales
    ADD CONSTRAINT pg_sales_pkey PRIMARY KEY (sale_date, transaction_id);

ALTER TABLE ONLY public.rejected_transactions
    ADD CONSTRAINT rejected_transactions_pkey PRIMARY KEY (batch, line);

ALTER TABLE ONLY public.runs
    ADD CONSTRAINT runs_fire_time_key UNIQUE (fire_time);

ALTER TABLE ONLY public.runs
    ADD CONSTRAINT runs_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.schema_versions
    ADD CONSTRAINT schema_versions_pkey PRIMARY KEY (name);

ALTER TABLE ONLY public.snapshots
    ADD CONSTRAINT snapshots_pkey PRIMARY KEY (key);

ALTER TABLE ONLY public.transactions
    ADD CONSTRAINT transactions_pkey PRIMARY KEY (transaction_id);

ALTER TABLE ONLY public.users
    ADD CONSTRAINT users_pkey PRIMARY KEY (name);

CREATE INDEX batches_by_status ON public.batches USING btree (status, completed_at, id);

CREATE INDEX runs_by_status ON public.runs USING btree (status);

CREATE INDEX summary_sales_by_month ON public.summary_sales USING btree (sale_month);

CREATE INDEX transactions_by_date ON public.transactions USING btree (date);

