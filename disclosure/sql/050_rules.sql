-- The rules in force and those of past days: the catalogue, its legal bases, the periods of the repair regimes.
create view disclosed.catalogue_item with (security_barrier) as
select i.id, i.code::text, i.edition, i.name::text, nullif(i.name_en, '')::text as name_en, i.level::text,
  i.region_id::text as region, i.category, i.kind::text, i.content::text, i.collecting_department::text,
  i.share_allowed, i.share_scope::text[], i.share_lawfulness::text, i.share_necessity::text,
  i.disclose_allowed, i.disclose_lawfulness::text, i.disclose_necessity::text, i.adverse, i.basis_types::text[],
  i.personal_information, i.state::text, i.in_force_from, i.in_force_to, i.announced_on, i.published_in::text,
  i.confidence::text
from public.catalogs_catalogueitem i
where i.state in ('in_force', 'superseded', 'retired');

create view disclosed.basis with (security_barrier) as
select b.id, b.item_id, l.title::text as instrument, nullif(l.number, '')::text as number, v.article::text, l.kind::text,
  coalesce(v.in_force_from, l.in_force_from) as in_force_from, least(v.in_force_to, l.in_force_to) as in_force_to,
  case when v.confidence = 'verified' and l.confidence = 'verified' then 'verified' else 'from_memory' end as confidence
from public.catalogs_catalogueitembasis b
join public.catalogs_provision v on v.id = b.provision_id
join public.catalogs_legalinstrument l on l.id = v.instrument_id;

create view disclosed.repair_rule with (security_barrier) as
select u.id, g.code::text as regime, g.platform::text, g.valid_from, g.valid_to, g.counts_from::text, u.severity::text,
  u.disclosed, u.minimum_months, u.maximum_months, u.confidence::text, l.title::text as instrument,
  nullif(l.number, '')::text as number, l.kind::text as instrument_kind, l.confidence::text as instrument_confidence
from public.catalogs_repairrule u
join public.catalogs_regime g on g.id = u.regime_id
join public.catalogs_legalinstrument l on l.id = g.instrument_id
where u.enabled;

create view disclosed.calendar_year with (security_barrier) as
select year, title::text, number::text, source::text, confidence::text from public.casework_calendaryear;

create view disclosed.calendar_day with (security_barrier) as
select day, kind::text, name::text, agency_code::text from public.casework_calendarday;
