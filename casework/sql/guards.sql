-- Personal numbers in text that strangers may read: identity numbers (18 and 15), mobiles, bank cards, e-mail (SHR-06).
-- A hit holds the publication until a second person clears the text; nothing is ever redacted silently. Used as
--   check (not public.has_numbers(text_public) or text_cleared_by is not null)
-- Classes are written out ([0-9], never \d), so that the answer does not hang on the locale of the database.

-- The text as a reader's eye takes it: full width folded, invisible marks gone; every kind of digit, blank, hyphen and X alike.
create function public.as_read(t text) returns text language sql immutable strict parallel safe
  set search_path = pg_catalog, pg_temp as $f$
  select regexp_replace(regexp_replace(regexp_replace(
      translate(
        regexp_replace(normalize(t, NFKC),
          '[\u00AD\u0300-\u036F\u061C\u115F\u1160\u17B4\u17B5\u180B-\u180E\u200B-\u200F\u202A-\u202E\u2060-\u206F\u20D0-\u20FF\u3164\uFE00-\uFE0F\uFEFF\uFFA0]',
          '', 'g'),
        '〇零○一二三四五六七八九幺壹贰叁肆伍陆柒捌玖貳參陸点。', '0001234567891123456789236..'),
      '[\u0009-\u000D\u0085\u1680\u2028\u2029]', ' ', 'g'),
    '[\u2010-\u2015\u2043\u2212\u2500\u30FC]', '-', 'g'),
  '[×✕✖ХхΧχ]', 'X', 'g')
$f$;

-- The check digit of payment cards (ISO/IEC 7812-1), over digits only.
create function public.is_card(digits text) returns boolean language sql immutable strict parallel safe
  set search_path = pg_catalog, pg_temp as $f$
  select sum(case when i % 2 = 1 then d else d * 2 / 10 + d * 2 % 10 end) % 10 = 0
  from (select i, substr(reverse(digits), i, 1)::int as d from generate_series(1, length(digits)) as i) as places
$f$;

-- In the patterns § stands for up to three blanks or hyphens, ¤ for one mark of any kind.
create function public.has_numbers(t text) returns boolean language plpgsql immutable strict parallel safe
  set search_path = pg_catalog, pg_temp as $f$
declare
  x text := public.as_read(t);
begin
  if x !~ '[0-9]([^0-9]{0,3}[0-9]){10}|@|[([{] ?at|艾特' then  -- most texts end here
    return false;
  end if;
  return exists (
      select from unnest(array[
        -- Identity number, 18: region (9 = permanent residence card), birth date, sequence, check character.
        '(?<![0-9])(1§[1-5]|2§[1-3]|3§[1-7]|4§[1-6]|5§[0-4]|6§[1-5]|7§1|8§[1-3]|9§[1-9])(§[0-9]){4}§(1§9§[0-9]|2§0§[0-3])§[0-9]'
          '§(0§[1-9]|1§[0-2])§(0§[1-9]|[12]§[0-9]|3§[01])(§[0-9]){3}§[0-9Xx](?![0-9])',
        -- Identity number, 15 (until 1999): region, birth date without century, sequence.
        '(?<![0-9])(1§[1-5]|2§[1-3]|3§[1-7]|4§[1-6]|5§[0-4]|6§[1-5]|7§1|8§[1-3]|9§9)(§[0-9]){6}'
          '§(0§[1-9]|1§[0-2])§(0§[1-9]|[12]§[0-9]|3§[01])(§[0-9]){3}(?![0-9])',
        -- Mobile, in one piece or broken up. Money in the same shape is none; what follows a year and a hyphen is a date.
        '(?<![0-9])(0|(00)?86)?1[3-9][0-9]{9}(?![0-9]|([.][0-9]+)? ?[万亿]?元([^旦]|$))',
        '(?<![0-9]|[0-9]{4}-)(0|(00)?86)?§1§[3-9](§[0-9]){9}(?![0-9]|([.][0-9]+)? ?[万亿]?元([^旦]|$))',
        -- Bank card in groups of four, or by the beginnings that issuers use; an account that is called one.
        '(?<![0-9])[3-6][0-9]{3}([ -][0-9]{4}){3}([ -]?[0-9]{1,3})?(?![0-9])',
        '(?<![0-9])(6§2(§[0-9]){2}|4§3§6§7|4§5§6§3|9§5§5§[89])(§[0-9]){12,15}(?![0-9])',
        '([卡账帐]号|[账帐]户)[^0-9]{0,8}[0-9](§[0-9]){11,24}(?![0-9])',
        -- The same groups with other marks between them, and digits spelled out one by one.
        '(?<![0-9])(1[3-9][0-9]¤{1,2}[0-9]{4}¤{1,2}[0-9]{4}|1¤[3-9](¤[0-9]){9})(?![0-9])',
        '(?<![0-9])([1-9][0-9]{5}¤{1,2}(19|20)[0-9]{2}¤{0,2}[01][0-9]¤{0,2}[0-3][0-9]¤{1,2}[0-9]{3}[0-9Xx]'
          '|[1-9](¤[0-9]){16}¤[0-9Xx])(?![0-9])',
        '(?<![0-9])[3-6][0-9]{3}(¤{1,2}[0-9]{4}){3}(¤{0,2}[0-9]{1,3})?(?![0-9])',
        '[^ @,;] ?(@|[[({] ?at ?[])}]|艾特) ?[A-Za-z0-9-]+( ?[.] ?[A-Za-z0-9-]+)* ?[.] ?[A-Za-z]{2,}'
      ]) as pattern
      where x ~ replace(replace(pattern, '§', '[ -]{0,3}'), '¤', '[ .,·•、_/|*~():;-]'))
    -- Any other bank card, by its check digit.
    or exists (
      select from generate_series(15, 18) as more,
        regexp_matches(x, format('(?<![0-9])[3-6](?:[ -]{0,3}[0-9]){%s}(?![0-9A-Z])', more), 'g') as hit,
        regexp_replace(hit[1], '[^0-9]', '', 'g') as digits
      where digits ~ '^(4|35|60|5[1-5])' and digits !~ '^5.{17}$' and public.is_card(digits));  -- 5… of 18 is a code
end
$f$;
