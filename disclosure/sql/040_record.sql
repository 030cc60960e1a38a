-- One fact as it is shown: an administrative act, with its untrustworthiness record where it has one, under one id.
create view disclosed.record with (security_barrier) as
select w.public_id, w.kind, w.class, w.adverse, w.severity, w.unified_code, s.name::text as subject_name,
  n.name_masked::text as person_masked, nullif(n.tag, '')::text as person_tag,
  r.field::text, a.phase::text, a.region_id::text as region,
  i.code::text as item_code, i.edition as item_edition, i.name::text as item_name, i.id as item_id,
  d.type::text as document_type, d.title::text as document_title, d.number::text as document_number,
  iss.name::text as issuer_name, w.decided_on, d.effective_on,
  det.unified_code::text as determining_code, det.name::text as determining_name, det.kind::text as determining_kind,
  det.level::text as determining_level, det.region_id::text as determining_region,
  col.unified_code::text as collecting_code, col.name::text as collecting_name, col.kind::text as collecting_kind,
  col.level::text as collecting_level, col.region_id::text as collecting_region,
  a.content_public - coalesce((select array_agg(h.field::text) from public.records_hide h
    where h.what = 'field' and h.fact = a.public_id and h.state in ('ordered', 'upheld')), '{}') as content, a.withheld::text[], w.published_on, p.starts_on, p.due_on,
  p.late_since is not null as late, w.last_day, p.channel_name::text, p.channel_url::text, p.source_public_on, p.clocks, w.verification_since, a.version,
  case when a.version > 1 then (a.received_at at time zone 'Asia/Shanghai')::date end as corrected_on
from disclosed.shown w
join public.records_administrativeact a on a.id = w.act_id
join public.records_publication p on p.id = w.publication_id
join public.records_basisdocument d on d.id = a.document_id
join public.catalogs_catalogueitem i on i.id = a.item_id
join public.accounts_agency iss on iss.id = d.issuer_id
join public.accounts_agency det on det.id = a.determining_department_id
join public.accounts_agency col on col.id = a.collecting_department_id
left join public.subjects_subject s on s.id = a.subject_id
left join public.subjects_person n on n.id = a.person_id
left join public.records_record r on r.id = w.record_id;
