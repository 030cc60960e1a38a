-- What a stranger may see, written once. Every other view of facts starts from this one.
--   * the catalogue item that governs the act allows disclosure (SHR-04);
--   * the publication has begun, and today is not past its last day (SHR-11); inclusive, judged at the moment of reading;
--   * the text was found free of hidden numbers, or cleared (SHR-06);
--   * the act, its document and its untrustworthiness record are in effect: nothing withdrawn, stayed or repaired;
--   * nobody hid it, or all that its sender handed in (a hidden field leaves the fact, see 040).
create view disclosed.shown with (security_barrier) as
select a.id as act_id, a.public_id::text, s.unified_code::text, a.person_id is not null as is_person, a.kind::text,
  'administration'::text as class, i.adverse and a.subject_id is not null as adverse,
  case when i.adverse then coalesce(r.severity, nullif(a.severity, ''))::text end as severity, r.verification_since,
  a.decided_on, p.public_from as published_on, p.public_until as last_day, p.id as publication_id, r.id as record_id
from public.records_administrativeact a
join public.records_publication p on p.act_id = a.id
join public.records_basisdocument d on d.id = a.document_id
join public.catalogs_catalogueitem i on i.id = a.item_id
left join public.subjects_subject s on s.id = a.subject_id
left join public.records_record r on r.act_id = a.id
where a.state = 'effective' and d.state = 'effective' and i.disclose_allowed and a.content_public is not null
  and p.state in ('published', 'published_late', 'aggregated')
  and p.public_from <= (select disclosed.today())
  and (p.public_until is null or p.public_until >= (select disclosed.today()))
  and (r.id is null or r.state in ('effective', 'under_verification'))
  and not exists (select from public.records_hide h
    where h.what = 'fact' and h.fact = a.public_id and h.state in ('ordered', 'upheld'))
  and not exists (select from public.records_hide h
    where h.what = 'sender' and h.sender_id = a.collecting_department_id and h.state in ('ordered', 'upheld'));
