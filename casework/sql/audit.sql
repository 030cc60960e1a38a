-- The audit: one event per act, hash-chained, made by a trigger that the application cannot talk round (SEC-05).
-- Headers hold keys and names of things, never values. Reasons and values stand in `body`, tied by a salted commitment,
-- so that the law may erase a body and the chain stays whole. Evidence rests on grants first, triggers second.
create table audit.head (
  chain uuid primary key, seq bigint not null, hash bytea not null, at timestamptz not null
) with (fillfactor = 50);

create table audit.event (
  id uuid primary key default gen_random_uuid(),
  chain uuid not null,                 -- the subject, person, rule or user whose file this is
  seq bigint not null, prev bytea not null, hash bytea not null,
  at timestamptz not null, xact xid8 not null, db_user text not null,
  name text not null check (name ~ '^[a-z_]+\.[a-z_]+$'),
  actor uuid, agency bigint,           -- who acted, for which body
  ref text not null check (ref ~ '^[a-z_]+:[0-9a-f-]{36}$'),
  before text not null default '', after text not null default '',
  commitment bytea not null default '' check (octet_length(commitment) in (0, 32)),
  unique (chain, seq)
);
create index event_ref on audit.event (ref);      -- the story of one case
create index event_xact on audit.event (xact);    -- sealing takes what is surely committed

create table audit.body (
  event uuid primary key references audit.event, salt bytea not null check (octet_length(salt) = 32), body text not null
);

create function audit.event_text(e audit.event) returns text language sql immutable
  set search_path = pg_catalog, pg_temp as $$
  select 'ev1' || string_agg(octet_length(convert_to(v, 'UTF8')) || ':' || v, '' order by o) from unnest(array[
    e.chain::text, e.seq::text, encode(e.prev, 'hex'), e.id::text,
    to_char(e.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), e.xact::text, e.db_user, e.name,
    coalesce(e.actor::text, ''), coalesce(e.agency::text, ''), e.ref, e.before, e.after, encode(e.commitment, 'hex')
  ]) with ordinality as t(v, o) $$;

create function audit.link() returns trigger language plpgsql security definer
  set search_path = pg_catalog, pg_temp as $$
declare head audit.head;
begin
  insert into audit.head as h values (new.chain, 1, '\x00', clock_timestamp())
    on conflict (chain) do update set seq = h.seq + 1 returning h.* into head;
  new.at := clock_timestamp();
  if head.at > new.at + interval '5 seconds' then
    raise exception 'the clock of this database went back' using errcode = 'object_not_in_prerequisite_state';
  end if;
  new.seq := head.seq; new.prev := head.hash; new.xact := pg_current_xact_id(); new.db_user := session_user;
  new.hash := sha256(convert_to(audit.event_text(new), 'UTF8'));
  update audit.head set hash = new.hash, at = new.at where chain = new.chain;
  return new;
end $$;
create trigger link before insert on audit.event for each row execute function audit.link();

create function audit.keep_promise() returns trigger language plpgsql security definer
  set search_path = pg_catalog, pg_temp as $$
begin
  perform 1 from audit.event where id = new.event and commitment = sha256(new.salt || convert_to(new.body, 'UTF8'));
  if not found then
    raise exception 'this body is not the one that was committed to' using errcode = 'check_violation';
  end if;
  return new;
end $$;
create trigger keep_promise before insert on audit.body for each row execute function audit.keep_promise();

create function audit.refuse() returns trigger language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  raise exception 'audit.% is append-only', tg_table_name using errcode = 'insufficient_privilege';
end $$;
create trigger append_only before update or delete on audit.event for each row execute function audit.refuse();
create trigger append_only before update on audit.body for each row execute function audit.refuse();
create trigger no_truncate before truncate on audit.event for each statement execute function audit.refuse();
create trigger no_truncate before truncate on audit.body for each statement execute function audit.refuse();
create trigger no_truncate before truncate on audit.head for each statement execute function audit.refuse();

-- A body may go only against an erasure event that names it; the chain keeps its commitment.
create function audit.erase(target uuid, erasure uuid) returns boolean language plpgsql security definer
  set search_path = pg_catalog, pg_temp as $$
begin
  perform 1 from audit.event
    where id = erasure and name = 'audit.body_erased' and ref = 'event:' || target and xact = pg_current_xact_id();
  if not found then
    raise exception 'no erasure event names this body' using errcode = 'insufficient_privilege';
  end if;
  delete from audit.body where event = target;
  return found;
end $$;
