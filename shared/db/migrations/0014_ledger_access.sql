-- Who may do what: nobody writes the tables, some call functions, some read published views.
SET ROLE bourse_ledger;

CREATE VIEW ledger.balances AS
  SELECT account, owner, asset, kind, total, held, total - held AS available FROM ledger.accounts;

CREATE VIEW ledger.account_postings AS
  SELECT a.owner, p.asset, p.account, p.entry, p.leg, p.amount, p.balance_after, e.kind,
    e.reference_type, e.reference_id, e.created_at
  FROM ledger.postings p
  JOIN ledger.accounts a ON a.account = p.account
  JOIN ledger.entries e ON e.entry = p.entry;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA ledger FROM PUBLIC;

GRANT USAGE ON SCHEMA ledger TO bourse_orders, bourse_settlement, bourse_ledger_reader;
GRANT EXECUTE ON FUNCTION
  ledger.lock_balances(text[], text[]),
  ledger.make_holds(text[], text[], text[], numeric[]),
  ledger.increase_holds(text[], numeric[])
  TO bourse_orders;
GRANT EXECUTE ON FUNCTION ledger.settle_trades(text[], text[], text[], text[], integer[],
  integer[], numeric[], integer[], text[], numeric[]) TO bourse_settlement;
GRANT SELECT ON ledger.balances TO bourse_orders, bourse_ledger_reader;
GRANT SELECT ON ledger.account_postings TO bourse_ledger_reader;

RESET ROLE;
