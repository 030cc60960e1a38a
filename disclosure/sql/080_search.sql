-- The search. The barrier of a view keeps an index on names out of reach, so the search is functions beside the views: they
-- run as the owner, show only what the views show, and read the register alone. No person stands in any of its tables.
--
-- A name hits in one of eight ranks, and a subject stands where its best name does: 1 exact name, 2 prefix, 3 contains, 4 former
-- name, 5 trade name, 6 pinyin, 7 initials, 8 all but one character; 0 is a code, or no question. Few hits are ranked whole, the
-- shorter name first. Many are walked along indexes, rank by rank, so that the last page costs what the first one does; their
-- ranks are told plus 10. A place in either order is rank, key, code.

-- The bigrams of some words, as the register keeps them.
create function disclosed.pairs(words text[]) returns varchar[] language sql immutable parallel safe
  set search_path = pg_catalog, pg_temp as $$
  select array(select distinct substr(w, n, 2)::varchar from unnest(words) w, generate_series(1, length(w) - 1) n) $$;

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

create function disclosed.search_fits(
  type text, status text, region text, code text, types text[], statuses text[], regions text[], categories text[]
) returns boolean language sql immutable parallel safe as $$
  select (types is null or type = any (types)) and (statuses is null or status = any (statuses))
    and (regions is null or region = any (regions)) and (categories is null or pg_catalog.left(code, 2) = any (categories)) $$;

-- How a name may look of which the question has one character wrong, too many or too few; `held` are the bigrams that stay.
create function disclosed.search_near(joined text) returns table (patterns text[], held varchar[])
language sql immutable set search_path = pg_catalog, pg_temp as $$
  select array(select p.pattern from (values
      ('%' || p.before || '_' || p.after || '%', true),
      ('%' || p.before || p.after || '%', p.before <> '' and p.after <> '' and length(joined) > 3),
      ('%' || p.before || substr(joined, n, 1) || '_' || p.after || '%', p.after <> '')
    ) p (pattern, is_one) where p.is_one), h.held
  from generate_series(1, length(joined)) n
  cross join lateral (select left(joined, n - 1), substr(joined, n + 1)) p (before, after)
  cross join lateral (select disclosed.pairs(array[p.before, p.after])) h (held)
  where length(joined) between 3 and 40 and h.held <> '{}' $$;

-- How many names there are, and which share of them answer: by their characters, and in any way. Seen in a sample of 3,000, which
-- costs the same whatever the register holds. 0 where the register is small or hardly any answer: then all that do are looked at.
create function disclosed.search_share(
  words text[], types text[], statuses text[], regions text[], categories text[],
  out names float, out by_name float, out in_all float
) language plpgsql stable set search_path = pg_catalog, pg_temp set plan_cache_mode = force_custom_plan set jit = off as $$
declare
  is_open boolean := types is null and statuses is null and regions is null and categories is null;
  joined text := array_to_string(words, '');
  parts text[] := array(select '%' || w || '%' from unnest(words) w);
begin
  names := (select greatest(reltuples, 1) from pg_class where oid = 'public.subjects_subjectname'::regclass);
  by_name := 0;
  in_all := 0;
  if names > 20000 then
    select case when sum(h.by_name) >= 10 then avg(h.by_name) else 0 end, case when sum(h.in_all) >= 10 then avg(h.in_all) else 0 end
    into by_name, in_all
    from public.subjects_subjectname n tablesample system (least(100, 300000 / names)) repeatable (1)
    cross join lateral (select disclosed.search_rank(n.kind, n.key, n.pinyin, n.initials, joined, parts, '{}')) r (rank)
    cross join lateral (select (r.rank is not null and (is_open or exists (
      select from public.subjects_subject s where s.id = n.subject_id and disclosed.search_fits(
        s.type, s.registration_status, s.region_id, s.unified_code, types, statuses, regions, categories))))::int offset 0) f (fits)
    cross join lateral (select case when r.rank <= 5 then f.fits else 0 end, f.fits) h (by_name, in_all);
  end if;
end $$;

-- What the index is asked for: the bigrams without those that more than one name in 200 has, as the statistics of a large
-- register know them, for each costs a long list. The characters are compared anyway. All of them if nothing else is left.
create function disclosed.search_held(pairs varchar[], common varchar[]) returns varchar[] language sql immutable parallel safe
  set search_path = pg_catalog, pg_temp as $$
  select coalesce((select array_agg(p) from unnest(pairs) p where p <> all (common)), pairs) $$;

create function disclosed.common_pairs() returns varchar[] language sql stable set search_path = pg_catalog, pg_temp as $$
  select coalesce(array_agg(u.pair::varchar), '{}') from pg_stats s
  cross join lateral unnest(s.most_common_elems::text::text[], s.most_common_elem_freqs) u (pair, share)
  where s.schemaname = 'public' and s.tablename = 'subjects_subjectname' and s.attname = 'bigrams' and u.share > 0.005
    and u.pair is not null and (select reltuples from pg_class where oid = 'public.subjects_subjectname'::regclass) > 20000 $$;

-- The best hit of each subject, by the indexes. All but one character is looked for only where next to nothing is found
-- without filters, so that a filter takes away and never adds.
create function disclosed.search_names(words text[], types text[], statuses text[], regions text[], categories text[])
returns table (subject_id bigint, name_id bigint, rank int, key text, unified_code text)
language plpgsql stable rows 50 set search_path = pg_catalog, pg_temp set plan_cache_mode = force_custom_plan set jit = off as $$
#variable_conflict use_column
declare
  joined text := array_to_string(words, '');
  parts text[] := array(select '%' || w || '%' from unnest(words) w);
  common varchar[] := disclosed.common_pairs();
  held varchar[] := disclosed.search_held(disclosed.pairs(words), common);
  is_latin boolean := joined ~ '^[a-z0-9]+$';
  is_filtered boolean := not (types is null and statuses is null and regions is null and categories is null);
  one record;
  near text[] := '{}';
  candidates bigint[] := '{}';
  better int;
begin
  return query
  select distinct on (n.subject_id) n.subject_id, n.id, r.rank, to_char(length(n.key), 'FM000') || n.key, s.unified_code::text
  from (
    select * from public.subjects_subjectname n where n.bigrams @> held and n.key like all (parts)
    union all
    select * from public.subjects_subjectname n where is_latin and n.pinyin <> '' and n.pinyin collate "C" ^@ joined
    union all
    select * from public.subjects_subjectname n where is_latin and n.initials <> '' and n.initials collate "C" ^@ joined
  ) n
  join public.subjects_subject s on s.id = n.subject_id
  cross join lateral (select disclosed.search_rank(n.kind, n.key, n.pinyin, n.initials, joined, parts, '{}')) r (rank)
  where disclosed.search_fits(
    s.type, s.registration_status, s.region_id, s.unified_code, types, statuses, regions, categories)
  order by n.subject_id, r.rank, length(n.key), n.id;
  get diagnostics better = row_count;
  if better < 10 and is_filtered then
    better := (select count(*) from (
      select from public.subjects_subjectname n where n.bigrams @> held and n.key like all (parts) limit 10) b);
  end if;
  if better >= 10 then
    return;
  end if;
  for one in
    select a.patterns, disclosed.search_held(a.held, common) as held from disclosed.search_near(joined) a
    where not a.held <@ common  -- else what is right of it would leave half the register to look through
  loop
    near := near || one.patterns;
    candidates := candidates || array(
      select n.id from public.subjects_subjectname n where n.bigrams @> one.held and n.key like any (one.patterns) limit 200);
  end loop;
  return query
  select distinct on (n.subject_id) n.subject_id, n.id, 8, to_char(length(n.key), 'FM000') || n.key, s.unified_code::text
  from public.subjects_subjectname n join public.subjects_subject s on s.id = n.subject_id
  where n.id = any (candidates)
    and disclosed.search_fits(
      s.type, s.registration_status, s.region_id, s.unified_code, types, statuses, regions, categories)
    and not exists (
      select from public.subjects_subjectname o where o.subject_id = n.subject_id
        and disclosed.search_rank(o.kind, o.key, o.pinyin, o.initials, joined, parts, '{}') is not null)
  order by n.subject_id, length(n.key), n.id;
end $$;

-- Which subjects answer, in order, after a place.
create function disclosed.search_places(
  code text, words text[], types text[], statuses text[], regions text[], categories text[], newest boolean,
  after_rank int, after_key text, after_code text, wanted int
) returns table (rank int, key text, subject_id bigint, name_id bigint, code_kind text)
language plpgsql stable rows 50 set search_path = pg_catalog, pg_temp set plan_cache_mode = force_custom_plan set jit = off as $$
#variable_conflict use_column
declare
  joined text := array_to_string(words, '');
  parts text[] := array(select '%' || w || '%' from unnest(words) w);
  beyond constant text := chr(1114111);  -- after every key
  sample record;
  rare float;  -- below this share the names that answer are ranked whole: a page of a walk would be as long
  by_name bigint[];
  low text;
  high text;
  after_uuid uuid;
  got int;
begin
  if code is not null then
    return query
    select 0, '', s.id, null::bigint, f.kind from (
      select s.id, 'unified_code' from public.subjects_subject s where s.unified_code = code
      union all
      select f.subject_id, 'former_code' from public.subjects_formercode f where f.unified_code = code
      union all
      select s.id, 'organisation_code' from public.subjects_subject s
      where length(code) = 9 and substring(s.unified_code, 9, 9) = code
    ) f (id, kind)
    join public.subjects_subject s on s.id = f.id
    where disclosed.search_fits(
        s.type, s.registration_status, s.region_id, s.unified_code, types, statuses, regions, categories)
      and s.unified_code > after_code
    order by s.unified_code limit wanted;
    return;
  elsif words is null and newest then
    if after_code = '' or after_key <> '' then
      return query
      select 0, s.registered_on::text, s.id, null::bigint, null from public.subjects_subject s
      where disclosed.search_fits(
          s.type, s.registration_status, s.region_id, s.unified_code, types, statuses, regions, categories)
        and s.registered_on <= coalesce(nullif(after_key, ''), 'infinity')::date
        and (s.registered_on < coalesce(nullif(after_key, ''), 'infinity')::date or s.unified_code > after_code)
      order by s.registered_on desc nulls last, s.unified_code limit wanted;
      get diagnostics got = row_count;
      wanted := wanted - got;
      after_code := '';
    end if;
    return query
    select 0, '', s.id, null::bigint, null from public.subjects_subject s
    where disclosed.search_fits(
        s.type, s.registration_status, s.region_id, s.unified_code, types, statuses, regions, categories)
      and s.registered_on is null and s.unified_code > after_code
    order by s.unified_code limit wanted;
    return;
  elsif words is null then
    return query
    select 0, '', s.id, null::bigint, null from public.subjects_subject s
    where disclosed.search_fits(
        s.type, s.registration_status, s.region_id, s.unified_code, types, statuses, regions, categories)
      and s.unified_code > after_code
    order by s.unified_code limit wanted;
    return;
  end if;

  sample := disclosed.search_share(words, types, statuses, regions, categories);
  rare := sqrt(25 / sample.names);
  if after_rank = 0 then  -- the first page decides for all that follow
    after_rank := case when sample.in_all > rare then 11 else 1 end;
  end if;
  if after_rank < 10 then
    return query
    select n.rank, n.key, n.subject_id, n.name_id, null
    from disclosed.search_names(words, types, statuses, regions, categories) n
    where (n.rank, n.key collate "C", n.unified_code collate "C") > (after_rank, after_key, after_code)
    order by n.rank, n.key collate "C", n.unified_code collate "C" limit wanted;
    return;
  end if;
  if sample.by_name <= rare then  -- found by pinyin for the most part
    by_name := array(
      select n.subject_id from public.subjects_subjectname n
      where n.bigrams @> disclosed.search_held(disclosed.pairs(words), disclosed.common_pairs()) and n.key like all (parts));
  end if;
  for step in after_rank..17 loop
    if step > after_rank then
      after_key := '';
      after_code := '';
    end if;
    if step <= 12 then  -- along the keys
      low := greatest(joined, after_key);
      high := joined || case step when 12 then beyond else '' end;
      return query
      select step, n.key::text, n.subject_id, n.id, null
      from public.subjects_subjectname n join public.subjects_subject s on s.id = n.subject_id
      where n.kind = 'current' and n.key collate "C" >= low and n.key collate "C" <= high and (step = 11) = (n.key = joined)
        and disclosed.search_fits(
          s.type, s.registration_status, s.region_id, s.unified_code, types, statuses, regions, categories)
        and (n.key collate "C", s.unified_code collate "C") > (after_key, after_code)
      order by n.key collate "C", s.unified_code collate "C" limit wanted;
    elsif step <= 15 then  -- along a number that has nothing to do with names, so that hits lie evenly
      after_uuid := coalesce(
        (select s.uuid from public.subjects_subject s where s.unified_code = after_code), '00000000-0000-0000-0000-000000000000');
      return query
      select step, '', n.subject_id, n.id, null
      from public.subjects_subject s
      cross join lateral (
        select n.subject_id, n.id from public.subjects_subjectname n
        where n.subject_id = s.id and n.kind = (array['current', 'former', 'trade'])[step - 12] and n.key like all (parts)
          and (step > 13 or not n.key ^@ joined)
        order by length(n.key), n.id limit 1) n
      where s.uuid > after_uuid and (by_name is null or s.id = any (by_name))
        and disclosed.search_fits(
          s.type, s.registration_status, s.region_id, s.unified_code, types, statuses, regions, categories)
        and (step = 13 or not exists (
          select from public.subjects_subjectname o where o.subject_id = s.id and o.key like all (parts)
            and (o.kind = 'current' or step = 15 and o.kind = 'former')))
      order by s.uuid limit wanted;
    elsif step = 16 and joined ~ '^[a-z0-9]+$' then  -- along the pinyin
      return query
      select step, n.pinyin::text, n.subject_id, n.id, null
      from public.subjects_subjectname n join public.subjects_subject s on s.id = n.subject_id
      where n.pinyin <> '' and n.pinyin collate "C" >= greatest(joined, after_key) and n.pinyin collate "C" <= joined || beyond
        and disclosed.search_fits(
          s.type, s.registration_status, s.region_id, s.unified_code, types, statuses, regions, categories)
        and (n.pinyin collate "C", s.unified_code collate "C") > (after_key, after_code)
        and not exists (
          select from public.subjects_subjectname o
          cross join lateral (
            select disclosed.search_rank(o.kind, o.key, o.pinyin, o.initials, joined, parts, '{}')) r (rank)
          where o.subject_id = n.subject_id
            and (r.rank <= 5 or r.rank = 6 and (o.pinyin collate "C", o.id) < (n.pinyin, n.id)))
      order by n.pinyin collate "C", s.unified_code collate "C" limit wanted;
    elsif step = 17 and joined ~ '^[a-z0-9]+$' then  -- along the initials
      return query
      select step, n.initials::text, n.subject_id, n.id, null
      from public.subjects_subjectname n join public.subjects_subject s on s.id = n.subject_id
      where n.initials <> '' and n.initials collate "C" >= greatest(joined, after_key) and n.initials collate "C" <= joined || beyond
        and disclosed.search_fits(
          s.type, s.registration_status, s.region_id, s.unified_code, types, statuses, regions, categories)
        and (n.initials collate "C", s.unified_code collate "C") > (after_key, after_code)
        and not exists (
          select from public.subjects_subjectname o
          cross join lateral (
            select disclosed.search_rank(o.kind, o.key, o.pinyin, o.initials, joined, parts, '{}')) r (rank)
          where o.subject_id = n.subject_id
            and (r.rank <= 6 or r.rank = 7 and (o.initials collate "C", o.id) < (n.initials, n.id)))
      order by n.initials collate "C", s.unified_code collate "C" limit wanted;
    end if;
    get diagnostics got = row_count;
    wanted := wanted - got;
    exit when wanted <= 0;
  end loop;
end $$;

-- A page of the search: the place of each hit, the subject as the register shows it, and the name by which it was found.
-- A place of the filter is a pattern of division codes.
create function disclosed.search_page(
  code text, words text[], types text[], statuses text[], places text[], categories text[], newest boolean,
  after_rank int, after_key text, after_code text, wanted int
) returns table (
  rank int, key text, unified_code text, name text, type text, region text, registration_status text, source text,
  code_kind text, hit_name text, hit_kind text, hit_from date, hit_to date, hit_source text, pinyin text, initials text
) language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select p.rank, p.key, s.unified_code, s.name, s.type, s.region_id, s.registration_status, s.source_name,
    p.code_kind, n.name, n.kind, n.valid_from, n.valid_to, n.source, n.pinyin, n.initials
  from disclosed.search_places(
      code, words, types, statuses,
      case when places is not null then array(select r.code from public.accounts_region r where r.code like any (places)) end,
      categories, newest, after_rank, after_key, after_code, least(wanted, 201)
    ) with ordinality p (rank, key, subject_id, name_id, code_kind, n)
  join public.subjects_subject s on s.id = p.subject_id
  left join public.subjects_subjectname n on n.id = p.name_id
  order by p.n $$;

-- The subjects that answer, up to `most` and one more; those of a sample where there are far more than that.
create function disclosed.search_hits(
  code text, words text[], types text[], statuses text[], regions text[], categories text[], most int,
  out subjects bigint[], out is_sample boolean
) language plpgsql stable set search_path = pg_catalog, pg_temp set plan_cache_mode = force_custom_plan set jit = off as $$
declare
  parts text[] := array(select '%' || w || '%' from unnest(words) w);
  sample record;
begin
  is_sample := false;
  if code is not null then
    subjects := array(select p.subject_id from disclosed.search_places(
      code, null, types, statuses, regions, categories, false, 0, '', '', most + 1) p);
  elsif words is null then
    subjects := array(
      select s.id from public.subjects_subject s where disclosed.search_fits(
        s.type, s.registration_status, s.region_id, s.unified_code, types, statuses, regions, categories) limit most + 1);
  else
    sample := disclosed.search_share(words, types, statuses, regions, categories);
    -- Three times the cap in a sample of 3,000 cannot be less than the cap in the whole.
    is_sample := sample.in_all * sample.names > 3 * most;
    if is_sample then
      subjects := array(
        select distinct s.id
        from public.subjects_subjectname n tablesample system (least(100, 1000000 / sample.names)) repeatable (2)
        join public.subjects_subject s on s.id = n.subject_id
        where disclosed.search_rank(n.kind, n.key, n.pinyin, n.initials, array_to_string(words, ''), parts, '{}') is not null
          and disclosed.search_fits(
            s.type, s.registration_status, s.region_id, s.unified_code, types, statuses, regions, categories));
    else
      subjects := array(
        select n.subject_id from disclosed.search_names(words, types, statuses, regions, categories) n limit most + 1);
    end if;
  end if;
end $$;

-- How many answer in all (facet '') and by each value of a facet, which ignores its own filter. Exact up to `most`; beyond it
-- `is_capped` says that there are more. A region counts for what lies below it, as its filter does.
create function disclosed.search_counts(
  code text, words text[], types text[], statuses text[], places text[], categories text[], facets text[], most int
) returns table (facet text, value text, hits bigint, is_capped boolean)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp set plan_cache_mode = force_custom_plan
set jit = off as $$
#variable_conflict use_variable
declare
  regions text[] := case
    when places is not null then array(select r.code from public.accounts_region r where r.code like any (places)) end;
  one text;
  whole record;
  found record;
begin
  whole := disclosed.search_hits(code, words, types, statuses, regions, categories, most);
  foreach one in array facets loop
    found := case one
      when 'type' then case when types is null then whole else
        disclosed.search_hits(code, words, null, statuses, regions, categories, most) end
      when 'registration_status' then case when statuses is null then whole else
        disclosed.search_hits(code, words, types, null, regions, categories, most) end
      when 'region' then case when regions is null then whole else
        disclosed.search_hits(code, words, types, statuses, null, categories, most) end
      else whole end;
    return query
    select one, v.value, count(*), found.is_sample or cardinality(found.subjects) > most
    from public.subjects_subject s
    cross join lateral (
      select '' where one = ''
      union all select s.type::text where one = 'type'
      union all select s.registration_status::text where one = 'registration_status'
      union all
      select distinct r from unnest(array[s.region_id, left(s.region_id, 4) || '00', left(s.region_id, 2) || '0000']) r
      where one = 'region'
    ) v (value)
    where s.id = any (found.subjects) and not (one = '' and found.is_sample) group by v.value
    union all
    select one, '', most::bigint, true where one = '' and found.is_sample;
  end loop;
end $$;
