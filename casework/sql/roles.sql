-- The portal's roles, once per cluster (idempotent). None is a superuser, none makes databases or roles.
do $$
declare r text;
begin
  foreach r in array array['portal_owner', 'portal_app', 'portal_reader', 'portal_auditor'] loop
    begin
      execute format('create role %I login nosuperuser nocreatedb nocreaterole noreplication nobypassrls', r);
    exception when duplicate_object or unique_violation then null;  -- another process was first
    end;
  end loop;
end $$;
alter role portal_reader connection limit 50;
alter role portal_reader set statement_timeout = '2s';
alter role portal_reader set default_transaction_read_only = on;   -- a habit, not a wall: the role can undo it
alter role portal_auditor set default_transaction_read_only = on;
alter role portal_app set idle_in_transaction_session_timeout = '60s';
