"""The tables of the cache, and the statements that work out where examples and findings stand."""

from __future__ import annotations

MIGRATIONS = (
    """
    CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);
    CREATE TABLE examples (
        id TEXT PRIMARY KEY, position INTEGER NOT NULL, source TEXT NOT NULL, line INTEGER NOT NULL,
        imported INTEGER NOT NULL, messages TEXT NOT NULL, meta TEXT NOT NULL,
        own TEXT NOT NULL DEFAULT 'in', state TEXT NOT NULL, becomes TEXT, kept INTEGER NOT NULL DEFAULT 0
    );
    CREATE INDEX examples_in_order ON examples (state, position, id);
    CREATE TABLE rows (source TEXT NOT NULL, line INTEGER NOT NULL, example_id TEXT NOT NULL,
                       PRIMARY KEY (source, line));
    CREATE INDEX rows_of_example ON rows (example_id);
    CREATE TABLE edits (old_id TEXT NOT NULL, new_id TEXT NOT NULL, PRIMARY KEY (old_id, new_id));
    CREATE INDEX edits_into ON edits (new_id);
    CREATE TABLE findings (
        id TEXT PRIMARY KEY, position INTEGER NOT NULL, check_name TEXT NOT NULL, family TEXT NOT NULL,
        severity INTEGER NOT NULL, example_id TEXT NOT NULL, safe INTEGER NOT NULL, action TEXT,
        body TEXT NOT NULL, state TEXT NOT NULL
    );
    CREATE INDEX findings_by_severity ON findings (state, severity, position, id);
    CREATE INDEX findings_by_check ON findings (check_name, state, position);
    CREATE TABLE members (finding_id TEXT NOT NULL, example_id TEXT NOT NULL, PRIMARY KEY (example_id, finding_id));
    CREATE INDEX members_of_finding ON members (finding_id);
    CREATE TABLE settled (finding_id TEXT NOT NULL, example_id TEXT NOT NULL, PRIMARY KEY (finding_id, example_id));
    CREATE INDEX settled_by_example ON settled (example_id);
    """,
    """
    ALTER TABLE findings ADD COLUMN size INTEGER NOT NULL DEFAULT 1;
    ALTER TABLE findings ADD COLUMN likeness REAL;
    UPDATE findings SET size = 1 + json_array_length(body, '$.related');
    UPDATE findings SET likeness = json_extract(body, '$.score') WHERE family = 'duplicates';
    UPDATE findings SET likeness = 1 - likeness WHERE check_name = 'duplicates.conflict';
    CREATE INDEX findings_of_family ON findings (family, state, severity, position, id, check_name);
    CREATE INDEX findings_by_size ON findings (family, state, -size, position, id, check_name);
    CREATE INDEX findings_most_alike ON findings (family, state, IFNULL(-likeness, 1), position, id, check_name);
    CREATE INDEX findings_least_alike ON findings (family, state, IFNULL(likeness, 2), position, id, check_name);
    """,
    """
    ALTER TABLE findings ADD COLUMN reason TEXT GENERATED ALWAYS AS (json_extract(body, '$.reason')) VIRTUAL;
    CREATE INDEX findings_by_reason ON findings (check_name, reason, state, severity, position, id);
    """,
    """
    ALTER TABLE findings ADD COLUMN score REAL GENERATED ALWAYS AS (json_extract(body, '$.score')) VIRTUAL;
    CREATE INDEX findings_surest ON findings (family, state, -IFNULL(score,-1), position, id, check_name);
    CREATE INDEX findings_least_sure ON findings (family, state, IFNULL(score,2), position, id, check_name);
    CREATE TABLE clashes (finding_id TEXT PRIMARY KEY, key TEXT NOT NULL);
    CREATE INDEX clashes_by_key ON clashes (key);
    CREATE TABLE resolved (key TEXT NOT NULL, example_id TEXT NOT NULL, PRIMARY KEY (key, example_id));
    CREATE INDEX resolved_by_example ON resolved (example_id);
    """,
    """
    ALTER TABLE findings ADD COLUMN gain REAL NOT NULL DEFAULT 0;
    ALTER TABLE findings ADD COLUMN how TEXT;
    CREATE INDEX findings_by_cluster ON findings (state, -size, example_id, position, id);
    CREATE INDEX findings_by_gain ON findings (state, -gain, position, id);
    CREATE INDEX findings_by_way ON findings (check_name, state, how);
    CREATE TABLE ways (example_id TEXT NOT NULL, finding_id TEXT NOT NULL, how TEXT NOT NULL,
                       PRIMARY KEY (finding_id, example_id));
    CREATE INDEX ways_of_example ON ways (example_id);
    CREATE TABLE deciders (who TEXT NOT NULL, example_id TEXT NOT NULL, PRIMARY KEY (who, example_id));
    CREATE INDEX deciders_of_example ON deciders (example_id);
    CREATE TABLE disputes (example_id TEXT PRIMARY KEY, one TEXT NOT NULL, other TEXT NOT NULL, bundle TEXT NOT NULL,
                           seq INTEGER NOT NULL);
    CREATE TABLE acts (seq INTEGER PRIMARY KEY, who TEXT NOT NULL, at TEXT NOT NULL, batch TEXT NOT NULL);
    CREATE INDEX acts_of_person ON acts (who, seq);
    DELETE FROM facts WHERE name IN ('ledger_seq', 'ledger_hash');
    """,
    """
    ALTER TABLE examples ADD COLUMN added_by TEXT NOT NULL DEFAULT '';
    CREATE INDEX examples_added ON examples (added_by) WHERE added_by <> '';
    """,
)
"""``size`` counts the rows that a finding is about, ``likeness`` says how alike they are, ``gain`` what settling it may
bring (see ``curation.gain``), ``how`` in which way it was settled (see ``curation.progress``).

``clashes`` says by what key a finding of a clash is known, ``resolved`` of which keys both sides were kept. ``ways``
says how findings were settled by name, and how examples were (the finding is empty); ``deciders`` who decided about
them; ``disputes`` which two decisions differ (see ``curation.disputes``); ``acts`` when decisions were made.

``added_by`` names who wrote an example from scratch. Deleting the two facts has the
whole ledger read again, which fills new tables; findings stay.
"""

REVIVE = """
UPDATE examples SET state = own WHERE id = ?1 AND (imported OR added_by <> '' OR EXISTS (
    SELECT 1 FROM edits JOIN examples AS old ON old.id = edits.old_id
    WHERE edits.new_id = ?1 AND old.state = 'replaced' AND old.becomes = ?1))
"""

SETTLE = """
UPDATE findings SET state = CASE
    WHEN EXISTS (SELECT 1 FROM settled WHERE settled.finding_id = findings.id) THEN 'settled'
    WHEN family = 'contradictions' AND EXISTS (
        SELECT 1 FROM clashes JOIN resolved ON resolved.key = clashes.key WHERE clashes.finding_id = findings.id)
    THEN 'settled'
    WHEN (SELECT COUNT(*) FROM members WHERE members.finding_id = findings.id) > 1 THEN
        CASE WHEN (SELECT COUNT(*) FROM members CROSS JOIN examples ON examples.id = members.example_id
                   WHERE members.finding_id = findings.id AND examples.state = 'in') > 1
        THEN 'open' ELSE 'settled' END
    WHEN EXISTS (SELECT 1 FROM examples WHERE examples.id = findings.example_id
                 AND examples.state = 'in' AND examples.kept = 0) THEN 'open'
    ELSE 'settled' END
"""

SETTLED_HOW = """
UPDATE findings SET how = CASE WHEN state = 'open' THEN NULL ELSE COALESCE(
    (SELECT how FROM ways WHERE ways.finding_id = findings.id ORDER BY how = 'kept', how LIMIT 1),
    (SELECT 'kept' FROM clashes CROSS JOIN resolved ON resolved.key = clashes.key
     WHERE clashes.finding_id = findings.id LIMIT 1),
    (SELECT ways.how FROM members CROSS JOIN ways ON ways.example_id = members.example_id AND ways.finding_id = ''
     WHERE members.finding_id = findings.id ORDER BY ways.how = 'kept', ways.how LIMIT 1),
    'gone') END
"""
"""What changed a row says more than what was kept beside it."""
