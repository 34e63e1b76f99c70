-- How record.py asks: the answer as text, and errors as answers.
CREATE FUNCTION answer(expression text, source text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE result text;
BEGIN
  EXECUTE format('SELECT CASE WHEN x IS NULL THEN ''NULL'' ELSE ''= '' || format(''%%s'', x) END'
                 ' FROM (SELECT (%s) AS x %s) AS one', expression, source) INTO result;
  RETURN result;
EXCEPTION WHEN OTHERS THEN RETURN '! ' || SQLERRM;
END $$;

CREATE FUNCTION type_of(expression text, source text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE result text;
BEGIN
  EXECUTE format('CREATE TEMP VIEW one AS SELECT (%s) AS x %s', expression, source);
  SELECT format_type(atttypid, atttypmod) INTO result FROM pg_attribute WHERE attrelid = 'one'::regclass;
  DROP VIEW one;
  RETURN result;
EXCEPTION WHEN OTHERS THEN RETURN '! ' || SQLERRM;
END $$;

-- Every row behind a record separator, its columns between bars.
CREATE FUNCTION rows_of(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE result text; columns text;
BEGIN
  EXECUTE format('CREATE TEMP VIEW one AS %s', query);
  SELECT string_agg(format('CASE WHEN %1$I IS NULL THEN ''NULL'' ELSE format(''%%s'', %1$I) END', attname), ', '
                    ORDER BY attnum)
    INTO columns FROM pg_attribute WHERE attrelid = 'one'::regclass AND attnum > 0;
  EXECUTE format('SELECT string_agg(chr(30) || concat_ws(''|'', %s), '''') FROM one', columns) INTO result;
  DROP VIEW one;
  RETURN coalesce(result, '');
EXCEPTION WHEN OTHERS THEN RETURN '! ' || SQLERRM;
END $$;
