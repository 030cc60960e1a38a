-- The register: subjects, their names, the codes they bore. No persons, no address, no phone.
create view disclosed.agency with (security_barrier) as
select a.id, a.unified_code::text, a.name::text, a.kind::text, a.level::text, a.region_id::text as region,
  r.name::text as region_name
from public.accounts_agency a join public.accounts_region r on r.code = a.region_id;

create view disclosed.region with (security_barrier) as
select code::text, name::text, valid_from, valid_to from public.accounts_region;

create view disclosed.subject with (security_barrier) as
select s.unified_code::text, s.name::text, s.type::text, left(s.unified_code, 2) as category, s.region_id::text as region,
  r.name::text as region_name, a.unified_code::text as authority_code, s.registration_status::text, s.registered_on,
  s.ended_on, s.source_name::text, s.received_at
from public.subjects_subject s
join public.accounts_region r on r.code = s.region_id
left join public.accounts_agency a on a.id = s.registration_authority_id;

create view disclosed.subject_name with (security_barrier) as
select n.id, s.unified_code::text, n.name::text, n.kind::text, n.valid_from, n.valid_to, n.source::text
from public.subjects_subjectname n join public.subjects_subject s on s.id = n.subject_id;

create view disclosed.former_code with (security_barrier) as
select f.unified_code::text as former_code, s.unified_code::text, f.valid_to
from public.subjects_formercode f join public.subjects_subject s on s.id = f.subject_id;
