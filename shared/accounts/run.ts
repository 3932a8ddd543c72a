// Carries out what `npm run accounts` is asked for.
import type { Outbox } from '../bus/outbox.ts';
import { isRetryableDatabaseError } from '../db/failure.ts';
import type { Pool } from '../db/pool.ts';
import { RetryableError } from '../domain/failure.ts';
import { userId } from '../domain/ids.ts';
import { changeBlock, listBlocks, type BlockChange } from './block-store.ts';
import type { AccountOptions } from './options.ts';

/** A move closes its market for about a second; a reader that is in the way ends sooner. */
const TRY_FOR_MS = 30_000;
const TRY_AGAIN_MS = 200;

export interface AccountTools {
  readonly pool: Pool;
  readonly outbox: Outbox;
  readonly tell: (line: string) => void;
}

export async function runAccounts(
  tools: AccountTools,
  options: Exclude<AccountOptions, { command: 'help' }>,
): Promise<void> {
  const { tell } = tools;
  const user = userId(options.userNumber);
  if (options.command === 'show') {
    const blocks = await listBlocks(tools.pool, options.userNumber);
    tell(`${user} is ${blocks[0]?.isBlocked === true ? 'blocked' : 'not blocked'}`);
    for (const { isBlocked, since, operator, reason } of blocks) {
      tell(`  ${since.toISOString()}  ${isBlocked ? 'block' : 'unblock'}  ${operator}: ${reason}`);
    }
    return;
  }
  const isBlocked = options.command === 'block';
  const { userNumber, operator, reason } = options;
  const markets = await untilItCan(tools, { userNumber, isBlocked, operator, reason });
  const told = markets.length === 0 ? 'there is no market' : `told to ${markets.join(', ')}`;
  tell(`${user} is ${isBlocked ? 'blocked' : 'not blocked'}: ${told}`);
}

async function untilItCan(tools: AccountTools, change: BlockChange): Promise<readonly string[]> {
  const endMs = performance.now() + TRY_FOR_MS;
  for (;;) {
    try {
      return await changeBlock(tools.pool, tools.outbox, change);
    } catch (error) {
      const passes = error instanceof RetryableError || isRetryableDatabaseError(error);
      if (!passes || performance.now() > endMs) throw error;
      await new Promise((done) => setTimeout(done, TRY_AGAIN_MS));
    }
  }
}
