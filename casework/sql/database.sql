-- Once per database, by a superuser or the database's owner (idempotent). Table grants follow from casework/grants.py.
do $$
declare s text;
begin
  execute format('revoke all on database %I from public', current_database());
  execute format('grant connect on database %I to portal_owner, portal_app, portal_reader, portal_auditor', current_database());
  execute format('grant create on database %I to portal_owner', current_database());
  foreach s in array array['audit', 'sealed', 'disclosed', 'extensions'] loop
    execute format('create schema if not exists %I', s);
    execute format('alter schema %I owner to portal_owner', s);
  end loop;
end $$;
revoke all on schema public from public;
alter schema public owner to portal_owner;
create extension if not exists pg_trgm schema extensions;
create extension if not exists btree_gist schema extensions;
revoke usage on language plpgsql from public;          -- what exists keeps running; nobody else writes new functions
grant usage on language plpgsql to portal_owner;
-- Large objects and messages in the log belong to no schema: whoever may connect could fill the disk with them.
do $$
declare f regprocedure;
begin
  if (select rolsuper from pg_roles where rolname = current_user) then
    for f in select oid from pg_proc where pronamespace = 'pg_catalog'::regnamespace
        and proname in ('lo_creat', 'lo_create', 'lo_from_bytea', 'lo_put', 'lo_open', 'lo_truncate', 'lo_truncate64',
          'lo_unlink', 'pg_logical_emit_message') loop
      execute format('revoke execute on function %s from public', f);
    end loop;
  end if;
end $$;
alter default privileges for role portal_owner revoke execute on functions from public;
do $$
begin
  execute format('alter database %I set search_path = public, extensions', current_database());
  execute format('alter database %I set timezone = ''UTC''', current_database());
end $$;
