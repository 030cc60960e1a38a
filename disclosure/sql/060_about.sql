-- How fresh the data are and whether the clock is alive. Read by every answer, so each part is one index look-up.
create view disclosed.freshness with (security_barrier) as
select (select max(received_at) from public.subjects_subject) as register,
  (select max(finished_at) from public.records_intakebatch) as records,
  null::timestamptz as listings, null::timestamptz as measures;

create view disclosed.heartbeat with (security_barrier) as
select name::text, at from public.casework_heartbeat;
