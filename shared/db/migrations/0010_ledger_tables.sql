-- The ledger's tables (design decision 9): accounts with their balance, journal entries, postings,
-- and holds. Amounts are whole base units of the asset. Only functions of this schema write here.
SET ROLE bourse_reference;
GRANT REFERENCES (asset) ON reference.assets TO bourse_ledger;
SET ROLE bourse_ledger;

-- One row an owner and asset, with its balance beside it: the row that is locked is the row that is
-- read and written. Available is total - held. Half of each page stays free, so that an update of a
-- balance stays on its page and touches no index.
CREATE TABLE ledger.accounts (
  account bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  owner text COLLATE "C" NOT NULL,
  asset text COLLATE "C" NOT NULL REFERENCES reference.assets (asset),
  kind text COLLATE "C" NOT NULL,
  total numeric(38, 0) NOT NULL DEFAULT 0,
  held numeric(38, 0) NOT NULL DEFAULT 0,
  CONSTRAINT accounts_owner_asset_unique UNIQUE (owner, asset),
  CONSTRAINT accounts_kind_matches_owner CHECK (
    CASE kind
      WHEN 'user' THEN starts_with(owner, 'usr_')
      WHEN 'fees' THEN starts_with(owner, 'fees:')
      WHEN 'custody' THEN owner = 'custody'
      ELSE false
    END),
  -- Custody is the other side of every deposit, and a fee account pays rebates: these two kinds may
  -- go below zero. A user never does.
  CONSTRAINT balances_available_not_negative CHECK (kind IN ('custody', 'fees') OR total >= held),
  CONSTRAINT balances_held_not_negative CHECK (held >= 0)
) WITH (fillfactor = 50);

-- Numbers are drawn while the accounts of the entry are locked: per account they rise with time.
CREATE SEQUENCE ledger.entry_numbers AS bigint;

CREATE TABLE ledger.entries (
  entry bigint PRIMARY KEY,
  kind text COLLATE "C" NOT NULL
    CONSTRAINT entries_kind_known CHECK (kind IN ('deposit', 'trade', 'reversal')),
  -- What this entry is in the business: the market and sequence of a trade, a deposit's own key.
  business_key text COLLATE "C" NOT NULL,
  reference_type text COLLATE "C" NOT NULL,
  reference_id text COLLATE "C" NOT NULL,
  -- The entry that this one takes back.
  reverses bigint,
  metadata jsonb,
  transaction_xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
  created_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT entries_business_key_unique UNIQUE (kind, business_key),
  CONSTRAINT entries_reversal_names_entry CHECK ((kind = 'reversal') = (reverses IS NOT NULL))
);

-- An entry is reversed at most once.
CREATE UNIQUE INDEX entries_reverses_once ON ledger.entries (reverses) WHERE reverses IS NOT NULL;

-- No foreign keys here: a row trigger for each of 800 postings costs more than the postings do. The
-- statement trigger of the next migration checks the same things for the whole batch at once.
CREATE TABLE ledger.postings (
  entry bigint NOT NULL,
  leg smallint NOT NULL,
  account bigint NOT NULL,
  -- The account's asset again: the zero-sum check then reads one table.
  asset text COLLATE "C" NOT NULL,
  amount numeric(38, 0) NOT NULL CONSTRAINT postings_amount_not_zero CHECK (amount <> 0),
  -- The account's total after this posting.
  balance_after numeric(38, 0) NOT NULL,
  CONSTRAINT postings_pkey PRIMARY KEY (entry, leg)
);
CREATE INDEX postings_account_entry ON ledger.postings (account, entry, leg);

-- What an open order (later: a withdrawal) locks of its owner's account. Named by the id of what it
-- is for. The sum of `remaining` over an account is the account's `held`. Half of each page stays
-- free: a hold is used up soon after it is made, on its own page then.
CREATE TABLE ledger.holds (
  hold text COLLATE "C" PRIMARY KEY,
  account bigint NOT NULL REFERENCES ledger.accounts (account),
  -- All that was ever held under this name, increases included.
  made numeric(38, 0) NOT NULL CONSTRAINT holds_made_positive CHECK (made > 0),
  remaining numeric(38, 0) NOT NULL
    CONSTRAINT holds_remaining_not_negative CHECK (remaining >= 0),
  CONSTRAINT holds_remaining_not_above_made CHECK (remaining <= made)
) WITH (fillfactor = 50);

RESET ROLE;
