-- What a user is shown of themselves and of their sub-accounts.
SET LOCAL ROLE bourse_users_owner;

CREATE VIEW users.own_users WITH (security_barrier) AS
  SELECT u.user_number, u.email_sealed, u.email_verified_at, u.status, u.kyc_level, u.language,
    u.anti_phishing_code, u.created_at
  FROM users.users u WHERE u.user_number = (SELECT reference.owner_number());

CREATE VIEW users.own_sub_accounts WITH (security_barrier) AS
  SELECT u.parent_number AS owner_number, u.user_number, u.label, u.status, u.created_at
  FROM users.users u WHERE u.parent_number = (SELECT reference.owner_number());

CREATE VIEW users.own_email_changes WITH (security_barrier) AS
  SELECT c.change_number, c.user_number, c.old_email_sealed, c.new_email_sealed, c.requested_at,
    c.confirmed_at, c.cancelled_at
  FROM users.email_changes c WHERE c.user_number = (SELECT reference.owner_number());

CREATE VIEW users.own_mails WITH (security_barrier) AS
  SELECT m.user_number, m.template, m.requested_at
  FROM users.mails m WHERE m.user_number = (SELECT reference.owner_number());

-- Of a person all, of a sub-account those that it was part of; newest first (0216 says why the order
-- is in the view).
CREATE VIEW users.own_transfers WITH (security_barrier) AS
  SELECT u.user_number, t.transfer_number, t.from_number, t.to_number, t.asset, t.amount_minor,
    t.created_at
  FROM users.users u
  JOIN users.transfers t ON t.owner_number = coalesce(u.parent_number, u.user_number)
    AND (u.parent_number IS NULL OR u.user_number IN (t.from_number, t.to_number))
  WHERE u.user_number = (SELECT reference.owner_number())
  ORDER BY t.transfer_number DESC;

-- Of the user and their sub-accounts.
CREATE VIEW users.own_balances WITH (security_barrier) AS
  SELECT f.owner_number, f.user_number, b.asset, b.total, b.held
  FROM (
    SELECT u.user_number AS owner_number, u.user_number FROM users.users u
    WHERE u.user_number = (SELECT reference.owner_number())
    UNION ALL
    SELECT u.parent_number, u.user_number FROM users.users u
    WHERE u.parent_number = (SELECT reference.owner_number())
  ) f JOIN ledger.balances b ON b.owner = 'usr_' || lpad(f.user_number::text, 16, '0');

GRANT USAGE ON SCHEMA users TO bourse_users_own;
GRANT SELECT ON users.own_users, users.own_sub_accounts, users.own_email_changes, users.own_mails,
  users.own_balances, users.own_transfers TO bourse_users_own;

RESET ROLE;
