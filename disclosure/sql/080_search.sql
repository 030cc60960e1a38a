-- The search. The barrier of a view keeps an index on names out of reach, so the search is functions beside the views: they
-- run as the owner, show only what the views show, and read the register alone. No person is in any of these tables.
--
-- A name hits in one of eight ranks, and a subject stands where its best name does: 1 exact name, 2 prefix, 3 contains, 4 former
-- name, 5 trade name, 6 pinyin, 7 initials, 8 all but one character. Codes and lists without a question have rank 0. Within a
-- rank the order is the key of the name in bytes, then the code; a place in it is (rank, key, code).

-- The bigrams of a word, as the register keeps them.
create function disclosed.pairs(word text) returns varchar[] language sql immutable parallel safe
  as $$ select array(select pg_catalog.substr(word, n, 2)::varchar from pg_catalog.generate_series(1, pg_catalog.length(word) - 1) n) $$;

create function disclosed.search_rank(
  kind text, key text, pinyin text, initials text, joined text, parts text[], near text[]
) returns int language sql immutable parallel safe as $$
  select case
    when key like all (parts) then
      case when kind = 'former' then 4 when kind = 'trade' then 5 when key = joined then 1 when key ^@ joined then 2 else 3 end
    when pinyin ^@ joined then 6
    when initials ^@ joined then 7
    when key like any (near) then 8
  end $$;

-- By what a name stands within its rank.
create function disclosed.search_key(rank int, key text, pinyin text, initials text) returns text
  language sql immutable parallel safe as $$ select case rank when 6 then pinyin when 7 then initials else key end $$;

-- Whether a subject passes the filters: parameter → values; a region is given by its leading digits.
create function disclosed.search_fits(type text, status text, region text, code text, filters jsonb) returns boolean
  language sql immutable parallel safe as $$
  select (filters->'type' is null or filters->'type' ? type)
    and (filters->'registration_status' is null or filters->'registration_status' ? status)
    and (filters->'category' is null or filters->'category' ? pg_catalog.left(code, 2))
    and (filters->'region' is null
      or filters->'region' ?| array[pg_catalog.left(region, 2), pg_catalog.left(region, 4), region]) $$;

-- How a name may look of which the question has one character wrong, too many or too few; `pairs` are what stays right.
create function disclosed.search_near(joined text) returns table (pattern text, pairs varchar[])
  language sql immutable parallel safe as $$
  select p.pattern, disclosed.pairs(left(joined, n - 1)) || disclosed.pairs(substr(joined, n + 1))
  from generate_series(1, length(joined)) n
  cross join lateral (values
    ('%' || left(joined, n - 1) || '_' || substr(joined, n + 1) || '%', true),
    ('%' || left(joined, n - 1) || substr(joined, n + 1) || '%', n > 1 and n < length(joined) and length(joined) > 3),
    ('%' || left(joined, n) || '_' || substr(joined, n + 1) || '%', n < length(joined))
  ) p (pattern, is_asked)
  where p.is_asked and length(joined) between 3 and 40 and length(joined) > case n when 1 then 2 when length(joined) then 2 else 3 end
  $$ set search_path = pg_catalog, pg_temp;

-- How many of these subjects have each value of a facet; the facet '' is all of them.
create function disclosed.search_facet(facet text, subjects bigint[]) returns table (value text, hits bigint)
language sql stable set search_path = pg_catalog, pg_temp as $$
  select '', cardinality(subjects)::bigint where facet = ''
  union all
  select v.value, count(*) from public.subjects_subject s
  cross join lateral (
    select s.type where facet = 'type'
    union all select s.registration_status where facet = 'registration_status'
    union all select distinct r from unnest(array[s.region_id, left(s.region_id, 4) || '00', left(s.region_id, 2) || '0000']) r
    where facet = 'region'
  ) v (value)
  where facet <> '' and s.id = any (subjects) group by v.value $$;

-- The best hit of each subject, by the indexes. All but one character is looked for only where next to nothing is found.
create function disclosed.search_names(words text[]) returns table (subject_id bigint, name_id bigint, rank int, key text)
language plpgsql stable set search_path = pg_catalog, pg_temp set plan_cache_mode = force_custom_plan as $$
#variable_conflict use_column
declare
  joined text := array_to_string(words, '');
  parts text[] := array(select '%' || w || '%' from unnest(words) w);
  held varchar[] := array(select distinct unnest(disclosed.pairs(w)) from unnest(words) w);
  is_latin boolean := joined ~ '^[a-z0-9]*[a-z][a-z0-9]*$';
  near text[] := '{}';
  candidates bigint[] := '{}';
begin
  if (select count(*) from (
      select 1 from public.subjects_subjectname n where n.bigrams @> held and n.key like all (parts)
      union all select 1 from public.subjects_subjectname n
        where is_latin and n.pinyin <> '' and n.pinyin collate "C" ^@ joined
      union all select 1 from public.subjects_subjectname n
        where is_latin and n.initials <> '' and n.initials collate "C" ^@ joined
      limit 10) found) < 10
  then
    near := array(select pattern from disclosed.search_near(joined));
    candidates := array(
      select n.id from (select pairs, array_agg(pattern) as patterns from disclosed.search_near(joined) group by pairs) p
      cross join lateral (
        select id from public.subjects_subjectname n where n.bigrams @> p.pairs and n.key like any (p.patterns) limit 1000) n
      where p.pairs <> '{}');
  end if;
  return query
  select distinct on (n.subject_id) n.subject_id, n.id, r.rank, k.key
  from (
    select * from public.subjects_subjectname n where n.bigrams @> held and n.key like all (parts)
    union all select * from public.subjects_subjectname n
      where is_latin and n.pinyin <> '' and n.pinyin collate "C" ^@ joined
    union all select * from public.subjects_subjectname n
      where is_latin and n.initials <> '' and n.initials collate "C" ^@ joined
    union all select * from public.subjects_subjectname n where n.id = any (candidates)
  ) n
  cross join lateral (select disclosed.search_rank(n.kind, n.key, n.pinyin, n.initials, joined, parts, near)) r (rank)
  cross join lateral (select disclosed.search_key(r.rank, n.key, n.pinyin, n.initials) collate "C") k (key)
  order by n.subject_id, r.rank, k.key, n.id;
end $$;

-- How many names there are, and which share of them the words and the filters leave: seen in a sample of 3,000, which costs the
-- same whatever the register holds. 0 where the register is small, for then everything is looked at.
create function disclosed.search_share(words text[], filters jsonb, out held float, out share float)
language plpgsql stable set search_path = pg_catalog, pg_temp set plan_cache_mode = force_custom_plan as $$
declare parts text[] := array(select '%' || w || '%' from unnest(words) w);
begin
  held := (select reltuples from pg_class where oid = 'public.subjects_subjectname'::regclass);
  if held < 20000 then
    share := 0;
    return;
  end if;
  select coalesce(avg((n.key like all (parts) and exists (
      select from public.subjects_subject s where s.id = n.subject_id
        and disclosed.search_fits(s.type, s.registration_status, s.region_id, s.unified_code, filters)))::int), 0)
  into share from public.subjects_subjectname n tablesample system (least(100, 300000 / held)) repeatable (1);
end $$;

-- Which subjects answer, in order, after a place. Few hits are ranked whole; many are walked along the indexes, rank by rank, so
-- that the last page costs what the first one does. Which of the two is cheaper turns where a page is as rare as the hits are.
create function disclosed.search_places(
  code text, words text[], filters jsonb, newest boolean, after_rank int, after_key text, after_code text, wanted int
) returns table (rank int, key text, subject_id bigint, name_id bigint, code_kind text)
language plpgsql stable set search_path = pg_catalog, pg_temp set plan_cache_mode = force_custom_plan as $$
#variable_conflict use_column
declare
  joined text := array_to_string(words, '');
  parts text[] := array(select '%' || w || '%' from unnest(words) w);
  beyond constant text := chr(1114111);  -- after every key
  sample record;
  low text;
  high text;
  found_now int;
begin
  if code is not null then
    return query
    select 0, '', s.id, null::bigint, f.kind from (
      select s.id, 'unified_code' from public.subjects_subject s where s.unified_code = code
      union all
      select f.subject_id, 'former_code' from public.subjects_formercode f where f.unified_code = code
      union all
      select s.id, 'organisation_code' from public.subjects_subject s
      where length(code) = 9 and substr(s.unified_code, 9, 9) = code
    ) f (id, kind)
    join public.subjects_subject s on s.id = f.id
    where disclosed.search_fits(s.type, s.registration_status, s.region_id, s.unified_code, filters)
      and s.unified_code > after_code
    order by s.unified_code limit wanted;
  elsif words is null and newest then
    return query
    select 0, coalesce(s.registered_on::text, ''), s.id, null::bigint, null from public.subjects_subject s
    where disclosed.search_fits(s.type, s.registration_status, s.region_id, s.unified_code, filters)
      and case
        when after_code = '' then true
        when after_key = '' then s.registered_on is null and s.unified_code > after_code
        else s.registered_on is null or s.registered_on < after_key::date
          or s.registered_on = after_key::date and s.unified_code > after_code
      end
    order by s.registered_on desc nulls last, s.unified_code limit wanted;
  elsif words is null then
    return query
    select 0, '', s.id, null::bigint, null from public.subjects_subject s
    where disclosed.search_fits(s.type, s.registration_status, s.region_id, s.unified_code, filters)
      and s.unified_code > after_code
    order by s.unified_code limit wanted;
  else
    sample := disclosed.search_share(words, filters);
    if sample.share <= sqrt(wanted / greatest(sample.held, 1)) then
      return query
      select n.rank, n.key, n.subject_id, n.name_id, null
      from disclosed.search_names(words) n join public.subjects_subject s on s.id = n.subject_id
      where disclosed.search_fits(s.type, s.registration_status, s.region_id, s.unified_code, filters)
        and (n.rank, n.key collate "C", s.unified_code) > (after_rank, after_key, after_code)
      order by n.rank, n.key collate "C", s.unified_code limit wanted;
      return;
    end if;
    for step in greatest(after_rank, 1)..7 loop
      if step > after_rank then
        after_key := '';
        after_code := '';
      end if;
      if step <= 5 then
        low := greatest(case when step <= 2 then joined else '' end collate "C", after_key);
        high := case step when 1 then joined when 2 then joined || beyond else beyond end;
        return query
        select step, n.key::text, n.subject_id, n.id, null
        from public.subjects_subjectname n join public.subjects_subject s on s.id = n.subject_id
        where n.kind = case step when 4 then 'former' when 5 then 'trade' else 'current' end
          and n.key collate "C" >= low and n.key collate "C" <= high
          and disclosed.search_rank(n.kind, n.key, '', '', joined, parts, '{}') = step
          and disclosed.search_fits(s.type, s.registration_status, s.region_id, s.unified_code, filters)
          and (n.key collate "C", s.unified_code) > (after_key, after_code)
          and (step <= 3 or not exists (
            select from public.subjects_subjectname o where o.subject_id = n.subject_id and o.key like all (parts)
              and (o.kind, o.key collate "C", o.id) < (n.kind, n.key, n.id)))  -- current, former, trade: as in the alphabet
        order by n.key collate "C", s.unified_code limit wanted;
      elsif joined ~ '^[a-z0-9]*[a-z][a-z0-9]*$' then
        return query
        select step, k.key, n.subject_id, n.id, null
        from (
          select * from public.subjects_subjectname n where step = 6 and n.pinyin <> '' and n.pinyin collate "C" ^@ joined
          union all
          select * from public.subjects_subjectname n where step = 7 and n.initials <> '' and n.initials collate "C" ^@ joined
        ) n
        join public.subjects_subject s on s.id = n.subject_id
        cross join lateral (select disclosed.search_key(step, n.key, n.pinyin, n.initials) collate "C") k (key)
        where disclosed.search_fits(s.type, s.registration_status, s.region_id, s.unified_code, filters)
          and (k.key, s.unified_code) > (after_key, after_code)
          and not exists (
            select from public.subjects_subjectname o
            cross join lateral (
              select disclosed.search_rank(o.kind, o.key, o.pinyin, o.initials, joined, parts, '{}')) r (rank)
            where o.subject_id = n.subject_id
              and (r.rank, disclosed.search_key(r.rank, o.key, o.pinyin, o.initials) collate "C", o.id) < (step, k.key, n.id))
        order by k.key, s.unified_code limit wanted;
      end if;
      get diagnostics found_now = row_count;
      wanted := wanted - found_now;
      exit when wanted <= 0;
    end loop;
  end if;
end $$;

-- A page of the search: where each hit stands, the subject as the register shows it, and the name by which it was found.
create function disclosed.search_page(
  code text, words text[], filters jsonb, newest boolean, after_rank int, after_key text, after_code text, wanted int
) returns table (
  rank int, key text, unified_code text, name text, type text, region text, registration_status text, source text,
  code_kind text, hit_name text, hit_kind text, hit_from date, hit_to date, hit_source text, pinyin text, initials text
) language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select p.rank, p.key, s.unified_code, s.name, s.type, s.region_id, s.registration_status, s.source_name,
    p.code_kind, n.name, n.kind, n.valid_from, n.valid_to, n.source, n.pinyin, n.initials
  from disclosed.search_places(code, words, filters, newest, after_rank, after_key, after_code, least(wanted, 201))
    with ordinality p (rank, key, subject_id, name_id, code_kind, place)
  join public.subjects_subject s on s.id = p.subject_id
  left join public.subjects_subjectname n on n.id = p.name_id
  order by p.place $$;

-- How many answer in all (facet '') and by each value of a facet, which ignores its own filter. Exact up to `most`; beyond,
-- `is_capped` says that there are more. A region counts for what lies below it too.
create function disclosed.search_counts(code text, words text[], filters jsonb, facets text[], most int)
returns table (facet text, value text, hits bigint, is_capped boolean)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp set plan_cache_mode = force_custom_plan as $$
#variable_conflict use_column
declare
  parts text[] := array(select '%' || w || '%' from unnest(words) w);
  pairs varchar[] := array(select distinct unnest(disclosed.pairs(w)) from unnest(words) w);
  ids bigint[];
  facet text;
  own jsonb;
  sample record;
  subjects bigint[];
begin
  if code is not null then
    ids := array(select p.subject_id from disclosed.search_places(code, null, '{}', false, 0, '', '', 10) p);
  elsif words is not null then
    sample := disclosed.search_share(words, '{}');
    if sample.share <= sqrt(50 / greatest(sample.held, 1)) then
      ids := array(select n.subject_id from disclosed.search_names(words) n);
    end if;
  end if;
  foreach facet in array facets loop
    own := filters - facet;
    if ids is not null then
      subjects := array(
        select s.id from public.subjects_subject s where s.id = any (ids)
          and disclosed.search_fits(s.type, s.registration_status, s.region_id, s.unified_code, own) limit most + 1);
    elsif words is null then
      subjects := array(
        select s.id from public.subjects_subject s
        where disclosed.search_fits(s.type, s.registration_status, s.region_id, s.unified_code, own) limit most + 1);
    else
      sample := disclosed.search_share(words, own);
      if sample.share * sample.held > 5 * most then  -- five times what is counted at all: a sample says so, surely
        if facet = '' then
          return query select facet, '', most::bigint, true;
          continue;
        end if;
        subjects := array(
          select s.id from public.subjects_subjectname n tablesample system (least(100, 1000000 / sample.held)) repeatable (2)
          join public.subjects_subject s on s.id = n.subject_id
          where n.kind = 'current' and n.key like all (parts)
            and disclosed.search_fits(s.type, s.registration_status, s.region_id, s.unified_code, own) limit most + 1);
        return query select facet, v.value, v.hits, true from disclosed.search_facet(facet, subjects) v;
        continue;
      end if;
      subjects := array(
        select s.id from public.subjects_subjectname n join public.subjects_subject s on s.id = n.subject_id
        where n.bigrams @> pairs and n.key like all (parts)
          and disclosed.search_fits(s.type, s.registration_status, s.region_id, s.unified_code, own)
          and (n.kind = 'current' or not exists (
            select from public.subjects_subjectname o where o.subject_id = n.subject_id and o.key like all (parts)
              and (o.kind, o.key collate "C", o.id) < (n.kind, n.key, n.id)))
        limit most + 1);
    end if;
    return query select facet, v.value, v.hits, cardinality(subjects) > most from disclosed.search_facet(facet, subjects) v;
  end loop;
end $$;
