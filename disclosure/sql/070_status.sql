-- The status answer in one statement: what the register and today's shown facts say about one code. A function, because
-- its plans are kept: planning the views anew costs ten times what reading them does. It sees what its caller may see.
create function disclosed.status_of(asked text) returns table (
  today date, register timestamptz, records timestamptz, listings timestamptz, measures timestamptz,
  unified_code text, name text, registration_status text, by_class jsonb, adverse jsonb, under_verification jsonb
) language plpgsql stable as $$
declare code text := asked;
begin
  if not exists (select from disclosed.subject s where s.unified_code = asked) then
    code := (select f.unified_code from disclosed.former_code f where f.former_code = asked);
  end if;
  return query
  with facts as materialized (
    select v.class, v.adverse, v.severity, v.public_id, v.verification_since
    from disclosed.shown v where v.unified_code = code
  )
  select disclosed.today(), f.register, f.records, f.listings, f.measures, s.unified_code, s.name, s.registration_status,
    (select jsonb_object_agg(c.class, c.n) from (select a.class, count(*) n from facts a group by a.class) c),
    (select jsonb_object_agg(c.severity, c.n)
      from (select a.severity, count(*) n from facts a where a.adverse group by a.severity) c),
    (select jsonb_agg(jsonb_build_object('object', 'record', 'id', a.public_id, 'since', a.verification_since)
        order by a.verification_since desc, a.public_id) from facts a where a.verification_since is not null)
  from disclosed.freshness f left join disclosed.subject s on s.unified_code = code;
end $$;
