// One pass of anchoring: the heads as they are now, signed, into the topic and the folder.
import { randomUUID } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { Bus } from '../bus/bus.ts';
import type { Pool } from '../db/pool.ts';
import { encodeEvent } from '../events/envelope.ts';
import type { Anchor } from '../events/audit-anchors.ts';
import { signAnchor } from './anchor.ts';
import { writeAnchor } from './anchor-files.ts';
import { listHeads } from './store.ts';

export interface AnchorPlaces {
  readonly pool: Pool;
  readonly bus: Bus;
  readonly directory: string;
  readonly key: KeyObject;
  readonly nowMs: number;
}

/** Resolves when both copies are durable; a pass that fails is simply made again. */
export async function takeAnchor(places: AnchorPlaces): Promise<Anchor> {
  const { pool, bus, directory, key, nowMs } = places;
  const anchor = signAnchor(key, await listHeads(pool), nowMs);
  writeAnchor(directory, anchor);
  const event = encodeEvent('auditAnchored', null, anchor, {
    id: randomUUID(),
    source: '/bourse/audit',
    timeMs: nowMs,
  });
  const { topic, headers, data } = event;
  await bus.publish([{ topic, key: event.key, headers, value: Buffer.from(data) }]);
  return anchor;
}
