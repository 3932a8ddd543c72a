// C19: what operators change by their tools is in the audit log, with before and after, and what
// changes nothing is not.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readCommand as readFees } from '../../functions/fees/operator/options.ts';
import { runCommand as runFees } from '../../functions/fees/operator/run.ts';
import { readCommand as readRisk } from '../../functions/risk/operator/options.ts';
import { runCommand as runRisk } from '../../functions/risk/operator/run.ts';
import { changeBlock } from '../../shared/accounts/block-store.ts';
import { openBus } from '../../shared/bus/open-bus.ts';
import { Outbox } from '../../shared/bus/outbox.ts';
import { recordAction } from '../../shared/dead-letters/store.ts';
import { TOPICS } from '../../shared/events/catalog.ts';
import { applyMarket, applyStatus, saveAssets } from '../../shared/markets/market-store.ts';
import { BTC_USD } from '../../shared/markets/testing/btc-usd.ts';
import { silentLogger } from '../../shared/telemetry/logger.ts';
import { createTestDatabase, type TestDatabase } from '../../shared/testing/database.ts';
import { verifyAudit } from '../../shared/audit/verify.ts';

const USER = 'usr_0000000000000001';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

interface Told {
  readonly action: string;
  readonly subject: string;
  readonly record: { readonly before: unknown; readonly after: unknown; readonly reason: unknown };
}

async function told(stream: string): Promise<unknown[]> {
  const result = await database.pool.query<Told>(
    `SELECT action, subject, record::json AS record FROM audit.records
     WHERE stream = $1 ORDER BY sequence`,
    [stream],
  );
  return result.rows.map(({ action, subject, record }) => [
    action,
    subject,
    record.before,
    record.after,
    record.reason,
  ]);
}

describe('C19: the audit log has what an operator changes', () => {
  it('of accounts and limits', async () => {
    const pool = database.poolFor('bourse_risk');
    const risk = async (...args: string[]): Promise<void> => {
      const command = readRisk([...args, '--reason', 'a case'], 'olivia');
      if (command !== null) await runRisk(pool, command);
    };
    await risk('flag', USER, 'frozen', 'on');
    await risk('flag', USER, 'frozen', 'on');
    await risk('group', USER, '7');
    await risk('limit', 'everybody', 'all', 'turnover_max', '500.5');
    await risk('limit', 'everybody', 'all', 'turnover_max', '500.50');
    await risk('limit', 'everybody', 'all', 'turnover_max', 'none');
    const account = { trading: true, withdrawal: true, frozen: false, tradeGroup: null };
    const frozen = { ...account, frozen: true };
    const limit = { scope: '*', name: 'turnover_max', value: null };
    expect(await told('risk')).toEqual([
      ['flags.change', USER, account, frozen, 'a case'],
      ['groups.change', USER, frozen, { ...frozen, tradeGroup: 7 }, 'a case'],
      ['limits.change', 'everybody', limit, { ...limit, value: '500.5' }, 'a case'],
      ['limits.change', 'everybody', { ...limit, value: '500.5' }, limit, 'a case'],
    ]);
  });

  it('of markets, with what no person has changed, and of fees', async () => {
    const pool = database.poolFor('bourse_reference');
    const log = silentLogger();
    const bus = openBus({ url: database.url, applicationName: 'test', log });
    await bus.provision(Object.values(TOPICS));
    const outbox = new Outbox({ pool, schema: 'reference', bus, log });
    await saveAssets(pool, [
      { asset: 'USD', name: 'US dollar', decimals: 6 },
      { asset: 'BTC', name: 'Bitcoin', decimals: 8 },
    ]);
    await applyMarket(pool, outbox, BTC_USD);
    const note = { actor: 'olivia', reason: 'an incident' };
    await applyStatus(pool, outbox, 'BTC-USD', 'halted', note);
    await applyStatus(pool, outbox, 'BTC-USD', 'halted', note);
    await outbox.stop();
    await bus.close();
    expect(await told('markets')).toMatchObject([
      ['markets.change', 'BTC-USD', null, { status: 'trading' }, null],
      ['markets.change', 'BTC-USD', { status: 'trading' }, { status: 'halted' }, 'an incident'],
    ]);

    const fees = async (...args: string[]): Promise<void> => {
      const command = readFees([...args, '--reason', 'agreed'], 'olivia');
      if (command !== null) await runFees(database.poolFor('bourse_fees', 2), command);
    };
    await fees('terms', USER, 'BTC-USD', 'vip', '100', '200');
    await fees('terms', USER, 'BTC-USD', 'vip', '100', '200');
    await fees('terms', USER, 'BTC-USD', 'none');
    await fees('discount', USER, '50');
    await fees('reference', 'asset', 'USD');
    await fees('reference', 'price', 'BTC', '60000.50');
    await fees('reference', 'market', 'BTC', 'BTC-USD');
    expect(await told('fees')).toMatchObject([
      ['terms.change', USER, null, { version: 1, makerPpm: 100, takerPpm: 200 }, 'agreed'],
      ['terms.change', USER, { version: 1 }, { version: 2, makerPpm: null }, 'agreed'],
      ['discount.change', USER, null, { version: 1, offPpm: 50 }, 'agreed'],
      ['reference_asset.change', 'USD', null, 'USD', 'agreed'],
      ['reference_price.change', 'BTC', null, { price: '60000.5' }, 'agreed'],
      ['conversion_market.change', 'BTC', null, { market: 'BTC-USD' }, 'agreed'],
    ]);
  });

  it('of blocked accounts and of dead letters', async () => {
    const log = silentLogger();
    const bus = openBus({ url: database.url, applicationName: 'test', log });
    const orders = database.poolFor('bourse_orders');
    const outbox = new Outbox({ pool: orders, schema: 'orders', bus, log });
    const change = { userNumber: 1, operator: 'olivia', reason: 'theft' };
    await changeBlock(orders, outbox, { ...change, isBlocked: true });
    await changeBlock(orders, outbox, { ...change, isBlocked: false });
    await outbox.stop();
    await bus.close();
    expect(await told('accounts')).toEqual([
      ['accounts.block', USER, { isBlocked: false }, { isBlocked: true }, 'theft'],
      ['accounts.unblock', USER, { isBlocked: true }, { isBlocked: false }, 'theft'],
    ]);
    await recordAction(database.poolFor('bourse_operator'), {
      position: { partition: 0, offset: 12 },
      action: 'dropped',
      runId: '8b0c4f5e-9a53-4b0e-8d4c-0d3c5a3d2f11',
      actor: 'olivia',
      reason: 'a test',
      consumer: 'orders',
      detail: 'no\u0000thing',
    });
    expect(await told('dead-letters')).toMatchObject([
      ['letters.dropped', '0@12', null, { consumer: 'orders', detail: 'nothing' }, 'a test'],
    ]);
  });

  it('and all of it is sound', async () => {
    const report = await verifyAudit(database.poolFor('bourse_audit_reader', 1), null);
    expect(report.findings).toEqual([]);
  });
});
