// The SQL of market_data.phases.
import type { Pool } from '../../shared/db/pool.ts';
import type { PhaseUpdate } from './decide/phases.ts';

/** The row of the higher sequence, whole: a record that is late or comes again changes nothing. */
function newest(columns: readonly string[], sequence: string): string {
  const of = (row: string) => columns.map((column) => `${row}.${column}`).join(', ');
  return `(${columns.join(', ')}) = (SELECT told.* FROM (VALUES (${of('p')}), (${of('excluded')}))
      AS told (${columns.join(', ')}) ORDER BY told.${sequence} DESC NULLS LAST LIMIT 1)`;
}

const STATUS = ['status', 'cause', 'since_ms', 'until_ms', 'reference_ticks', 'sequence'];
const INDICATION = [
  'indicative_ticks',
  'indicative_lots',
  'surplus_side',
  'surplus_lots',
  'indicative_ms',
  'indicative_sequence',
];
const UNCROSSING = ['uncrossed_ticks', 'uncrossed_lots', 'uncrossed_ms', 'uncrossed_sequence'];

const APPLY = `
  INSERT INTO market_data.phases AS p
    (market, version, ${[...STATUS, ...INDICATION, ...UNCROSSING].join(', ')})
  SELECT r.market, r.version,
    r.status ->> 'status', r.status ->> 'cause', (r.status ->> 'timeMs')::bigint,
    (r.status ->> 'untilMs')::bigint, (r.status ->> 'referenceTicks')::bigint,
    (r.status ->> 'sequence')::bigint,
    (r.indication ->> 'priceTicks')::bigint, (r.indication ->> 'lots')::bigint,
    r.indication ->> 'surplusSide', (r.indication ->> 'surplusLots')::bigint,
    (r.indication ->> 'timeMs')::bigint, (r.indication ->> 'sequence')::bigint,
    (r.uncrossing ->> 'priceTicks')::bigint, (r.uncrossing ->> 'lots')::bigint,
    (r.uncrossing ->> 'timeMs')::bigint, (r.uncrossing ->> 'sequence')::bigint
  FROM json_to_recordset($1::json)
    AS r (market text, version bigint, status json, indication json, uncrossing json)
  ORDER BY r.market
  ON CONFLICT (market) DO UPDATE SET version = greatest(p.version, excluded.version),
    ${newest(STATUS, 'sequence')},
    ${newest(INDICATION, 'indicative_sequence')},
    ${newest(UNCROSSING, 'uncrossed_sequence')}`;

/**
 * Writes what a batch tells of phases, each market once, sorted. Apart from the books, because few
 * batches tell anything of it. Safe to repeat and to run in any order.
 */
export async function applyPhases(pool: Pool, updates: readonly PhaseUpdate[]): Promise<void> {
  if (updates.length === 0) return;
  await pool.query({
    name: 'market-data-phases',
    text: APPLY,
    values: [JSON.stringify(updates)],
  });
}

/** `PhaseRow` of decide/present-market.ts, of a row `p` of market_data.phases. */
export const PHASE_JSON = `CASE WHEN p.market IS NOT NULL THEN json_build_object(
  'version', p.version,
  'status', CASE WHEN p.sequence IS NOT NULL THEN json_build_object(
    'status', p.status, 'cause', p.cause, 'timeMs', p.since_ms, 'untilMs', p.until_ms,
    'referenceTicks', p.reference_ticks, 'sequence', p.sequence) END,
  'indication', CASE WHEN p.indicative_sequence IS NOT NULL THEN json_build_object(
    'priceTicks', p.indicative_ticks, 'lots', p.indicative_lots, 'surplusSide', p.surplus_side,
    'surplusLots', p.surplus_lots, 'timeMs', p.indicative_ms,
    'sequence', p.indicative_sequence) END,
  'uncrossing', CASE WHEN p.uncrossed_sequence IS NOT NULL THEN json_build_object(
    'priceTicks', p.uncrossed_ticks, 'lots', p.uncrossed_lots, 'timeMs', p.uncrossed_ms,
    'sequence', p.uncrossed_sequence) END) END`;
