-- The day on which everything public is judged: Shanghai's date at the moment of the statement. Never CURRENT_DATE, which
-- follows the session's time zone, and never a setting, which a reader could change. Every name is written with its schema,
-- so that no search path matters and the planner may put the body in place of the call.
create function disclosed.today() returns date language sql stable parallel safe
  as $$ select pg_catalog.timezone('Asia/Shanghai', pg_catalog.statement_timestamp())::pg_catalog.date $$;
