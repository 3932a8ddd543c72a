-- Which mails have been sent, so that an event that comes again sends nothing twice.
DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'bourse_notifications') THEN
    BEGIN
      CREATE ROLE bourse_notifications NOLOGIN;
    EXCEPTION WHEN duplicate_object OR unique_violation THEN
      NULL; -- another database of this server was migrated at the same moment
    END;
  END IF;
END $$;

CREATE SCHEMA notifications AUTHORIZATION bourse_notifications;

SET LOCAL ROLE bourse_notifications;

-- Claimed by whoever is about to send it, until the claim is too old: then its holder has crashed,
-- and nobody knows whether the mail went out. It is sent once more.
CREATE TABLE notifications.mails (
  mail_id uuid CONSTRAINT mails_pkey PRIMARY KEY,
  claimed_at timestamptz NOT NULL,
  sent_at timestamptz
);
CREATE INDEX mails_by_time ON notifications.mails (claimed_at);

RESET ROLE;
