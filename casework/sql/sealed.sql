-- Sealed personal data: numbers as ciphertext, and no way to a ciphertext but through these functions (SEC-02, SHR-06).
-- The application may INSERT and EXECUTE, never SELECT. Plaintext and keys never come near the database.
create table sealed.identity (
  person uuid not null,
  kind text not null check (kind ~ '^[a-z_]+$'),             -- which document
  box bytea not null check (octet_length(box) between 31 and 1000),  -- suite ‖ key id ‖ nonce(12) ‖ ciphertext ‖ tag(16)
  box_key smallint not null generated always as (get_byte(box, 1)) stored,
  digest_key smallint not null check (digest_key between 1 and 255),
  digest bytea not null check (octet_length(digest) = 32),
  constraint identity_one_document_of_a_kind primary key (person, kind),
  constraint identity_digest_once unique (digest_key, digest)        -- one human, one person
);

-- A ciphertext leaves only against a query that is already committed, names this person and is under a minute old:
-- whoever reads has left a line that no rollback takes back.
create function sealed.read(person uuid, query uuid) returns table (kind text, box bytea) language plpgsql security definer
  set search_path = pg_catalog, pg_temp as $$
begin
  if not exists (
    select from audit.event e
    where e.id = query and e.name = 'privacy.identity_read' and e.ref = 'person:' || read.person
      and e.xact is distinct from pg_current_xact_id_if_assigned() and e.at > clock_timestamp() - interval '60 seconds'
  ) then
    raise exception 'no registered query' using errcode = 'insufficient_privilege';
  end if;
  return query select i.kind, i.box from sealed.identity i where i.person = read.person;
end $$;

-- Whose number has this digest.
create function sealed.find(digest bytea) returns uuid language sql stable security definer
  set search_path = pg_catalog, pg_temp as $$ select i.person from sealed.identity i where i.digest = find.digest $$;

-- Rotation of keys. Only the owner announces which keys write from now on; until then nothing is old, so neither does a
-- ciphertext leave in bulk nor can a box be replaced. The owner holds no keys, the application announces nothing.
-- One row, written here: the application's right to insert reaches nothing.
create table sealed.ring (
  single boolean primary key default true check (single), box_key smallint, digest_key smallint, announced_at timestamptz
);
insert into sealed.ring default values;

create function sealed.announce(box_key integer, digest_key integer) returns void language sql volatile  -- as who calls
  set search_path = pg_catalog, pg_temp as $$
  insert into sealed.ring values (true, announce.box_key, announce.digest_key, clock_timestamp())
  on conflict (single) do update
    set box_key = excluded.box_key, digest_key = excluded.digest_key, announced_at = excluded.announced_at
$$;

create function sealed.announced() returns table (box_key smallint, digest_key smallint) language sql stable security definer
  set search_path = pg_catalog, pg_temp as $$ select r.box_key, r.digest_key from sealed.ring r $$;

-- The next boxes under old keys, against a committed line that names this run of the rotation.
create function sealed.stale(run uuid, query uuid, after_person uuid, after_kind text, size integer)
  returns table (person uuid, kind text, box bytea) language plpgsql security definer
  set search_path = pg_catalog, pg_temp as $$
begin
  if not exists (
    select from audit.event e
    where e.id = query and e.name = 'privacy.keys_rotated' and e.ref = 'rotation:' || run
      and e.xact is distinct from pg_current_xact_id_if_assigned() and e.at > clock_timestamp() - interval '60 seconds'
  ) then
    raise exception 'no registered rotation' using errcode = 'insufficient_privilege';
  end if;
  return query
    select i.person, i.kind, i.box from sealed.identity i, sealed.ring r
    where (i.box_key <> r.box_key or i.digest_key <> r.digest_key) and (i.person, i.kind) > (after_person, after_kind)
    order by i.person, i.kind limit least(size, 1000);
end $$;

-- Put a new box in the place of an old one: only over a box (or digest) of an old key, only under the announced keys, and
-- only by someone who holds the old box. True if it was done.
create function sealed.reseal(person uuid, kind text, old bytea, new bytea, new_digest_key integer, new_digest bytea)
  returns boolean language sql volatile security definer set search_path = pg_catalog, pg_temp as $$
  with done as (
    update sealed.identity i set box = reseal.new, digest_key = reseal.new_digest_key, digest = reseal.new_digest
    from sealed.ring r
    where i.person = reseal.person and i.kind = reseal.kind and i.box = reseal.old
      and (i.box_key <> r.box_key or i.digest_key <> r.digest_key)
      and get_byte(reseal.new, 1) = r.box_key and reseal.new_digest_key = r.digest_key
    returning 1
  )
  select exists (select from done)
$$;
