// What staff do to markets: what an operator does with `npm run markets`, the command for the engine
// included.
import type { JsonValue } from '../../../../shared/audit/record.ts';
import { TerminalError } from '../../../../shared/domain/failure.ts';
import type { MarketId } from '../../../../shared/domain/ids.ts';
import { reject, type Rejection } from '../../../../shared/domain/rejection.ts';
import { changeKnownIn, type DecidePart } from '../../../../shared/markets/market-store.ts';
import { patchSettings } from '../../../../shared/markets/tool/settings.ts';
import type { Payload } from '../../schema.ts';
import type { Author, Effect, Place } from './effect.ts';

export async function setMarketStatus(
  place: Place,
  { market, status }: Payload<'markets.status'>,
  author: Author,
): Promise<Effect | Rejection> {
  return change(place, market, () => ({ status }), author);
}

export async function setMarketSettings(
  place: Place,
  { market, settings }: Payload<'markets.settings'>,
  author: Author,
): Promise<Effect | Rejection> {
  const decide: DecidePart = ({ config }) => ({ description: patchSettings(config, settings) });
  return change(place, market, decide, author);
}

async function change(
  { tx, outbox }: Place,
  market: MarketId,
  decide: DecidePart,
  author: Author,
): Promise<Effect | Rejection> {
  const note = { actor: author.actor, reason: author.reason };
  try {
    const { written } = await changeKnownIn(tx, outbox, market, decide, note);
    if (written === null) return reject('APPROVAL_SUBJECT_UNFIT', `${market} is so already`);
    const { before, after, outboxIds } = written;
    return { subject: market, before: whole(before), after: whole(after), outboxIds };
  } catch (error) {
    // A market that is not there, is moving or interrupted, or may not become so.
    if (!(error instanceof TerminalError || error instanceof RangeError)) throw error;
    return reject('APPROVAL_SUBJECT_UNFIT', error.message);
  }
}

function whole(market: JsonValue): Effect['before'] {
  return { market };
}
