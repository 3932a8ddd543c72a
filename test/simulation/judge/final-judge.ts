// The whole judgement of a world at rest: the audit, and that nothing is left to do (A5).
import { checkHolds } from '../../audit/check-holds.ts';
import { checkLists } from '../../audit/check-lists.ts';
import { checkOrders } from '../../audit/check-orders.ts';
import { checkTrades, readSettled } from '../../audit/check-settlement.ts';
import type { Tables } from '../store/tables.ts';
import type { LogJudge } from './log-judge.ts';
import { readTables } from './table-reader.ts';

export interface FinalCounts {
  readonly orders: number;
  readonly trades: number;
}

export async function judgeAtRest(judge: LogJudge, tables: Tables): Promise<FinalCounts> {
  const { executions, findings, replay } = judge;
  const client = readTables(tables);
  replay.finish();
  executions.finish();
  const settled = await readSettled(client, replay, executions, findings);
  await checkTrades(client, replay, settled, findings);
  await checkHolds(client, replay, settled, findings);
  const orders = await checkOrders(client, replay, executions, findings);
  await checkLists(client, replay, findings);
  for (const { market, events } of replay.markets.values()) {
    const recorded = executions.recorded(market);
    if (recorded !== events.length) {
      findings.violate('A5', 'the engine has not done all commands', { market, recorded });
    }
    const waiting = events.find(({ sequence }) => !settled.has(market, sequence));
    if (waiting !== undefined) findings.violate('A5', 'an event is not settled', { ...waiting });
  }
  if (orders.behind > 0) findings.violate('A5', 'orders are behind', { behind: orders.behind });
  return { orders: orders.orders, trades: settled.trades };
}
