-- What the cloud's directory calls give back. profile is JSON: what is shown of a person and decides nothing.
ALTER TABLE person ADD COLUMN biz_mail {text};
ALTER TABLE person ADD COLUMN profile {text};
CREATE UNIQUE INDEX person_by_biz_mail ON person (corp, biz_mail) WHERE biz_mail IS NOT NULL;

-- A person's place among the department's people, higher first, and whether the person leads it.
ALTER TABLE person_department ADD COLUMN ord {int} NOT NULL DEFAULT 0;
ALTER TABLE person_department ADD COLUMN leader {int} NOT NULL DEFAULT 0;
DROP INDEX person_by_department;
CREATE INDEX person_by_department ON person_department (corp, department, person, ord);

ALTER TABLE department ADD COLUMN name_en {text};
CREATE INDEX department_by_parent ON department (corp, parent, name);

-- The app that made a tag, which alone may change it; NULL for the operator's.
ALTER TABLE tag ADD COLUMN app {int};
CREATE INDEX tag_by_name ON tag (corp, name);
CREATE INDEX tag_by_member ON tag_member (corp, kind, id);
